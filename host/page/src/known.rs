//! What is known of all steps together.
//!
//! Reads, writes: nothing.

use std::collections::{HashMap, HashSet};

use oci_image_progress::record::BuildRecord;

/// What is known of the steps of a build; places are those of its record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known<'a> {
    pub(crate) record: &'a BuildRecord,
    /// Those of the slow path.
    pub(crate) slow: &'a HashSet<usize>,
    /// The lines of the Dockerfile on which they stand.
    pub(crate) lines: &'a HashMap<usize, usize>,
}
