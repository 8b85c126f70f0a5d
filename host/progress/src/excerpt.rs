//! Excerpts of the files that the daemon names.
//!
//! Reads, writes: nothing. Unknown here: steps, failures.

use oci_image_buildkit::failure::Source;
use oci_image_excerpt::Lines;

/// The lines that are meant; nothing if the file has none of them.
pub(super) fn of(source: &Source) -> Option<Lines> {
    let ranges: Vec<(u32, u32)> = (source.ranges.iter())
        .map(|range| (range.start, range.end))
        .collect();
    Lines::of(&source.filename, &source.data, &ranges)
}
