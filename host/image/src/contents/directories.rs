//! What stands in the directory of kept blobs.
//!
//! Reads and writes: nothing.

/// Where blobs are, by their digest.
pub(super) use crate::layout::BLOBS;

/// Where they grow.
pub(super) const INGEST: &str = "ingest";
/// Where it is told which of them lie there untouched.
pub(super) const STAMPS: &str = "stamps";
/// Where it is told what layers became here.
pub(super) const RECODED: &str = "recoded";
