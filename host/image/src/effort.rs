//! What it costs to open an image.
//!
//! Reads and writes: nothing.

/// What it cost to open an image, in bytes; it does not grow with the size of layers that are named by their digest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Effort {
    /// Bytes read.
    pub read: u64,
    /// Of these, bytes hashed.
    pub hashed: u64,
}
