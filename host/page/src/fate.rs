//! What became of a build.
//!
//! Reads, writes: nothing. Unknown here: how it went.

use oci_image_schema::outcome::{BuilderResult, CacheResult, ImageResult};

/// What became of a build.
#[derive(Debug, Clone, PartialEq)]
pub enum Fate<'a> {
    /// It is done.
    Built {
        /// What was exported.
        images: Vec<ImageResult<'a>>,
        /// Bytes of files that the engine has taken.
        sent: u64,
        /// Bytes of results that it has sent.
        received: u64,
        /// The builders on which it was built.
        builders: Vec<BuilderResult<'a>>,
        /// What became of the caches that steps mount, where they are kept.
        caches: Vec<CacheResult<'a>>,
    },
    /// It failed.
    Failed {
        /// What a person is told of it: several lines.
        report: &'a str,
    },
    /// Somebody stopped it.
    Stopped {
        /// What a person is told of it.
        report: &'a str,
    },
}
