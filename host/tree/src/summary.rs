//! What was unpacked of a stream.
//!
//! Reads and writes: nothing.

use crate::attributes::Lost;

/// What was unpacked, and what of it could not be kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Entries made: files, directories, links, pipes.
    pub entries: u64,
    /// Bytes of content written.
    pub bytes: u64,
    /// Device nodes, which are never made: a container's runtime makes its own.
    pub skipped_devices: u64,
    /// What the user or the file system does not allow.
    pub lost: Lost,
}
