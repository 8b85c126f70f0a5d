//! A root filesystem: one flattened tar stream, unpacked into a directory that nothing can leave.
//!
//! The tree grows beside its final place, and is renamed when it is complete. The stream is one tree (BuildKit's `tar` exporter).
//!
//! Reads: the stream, once. Writes: the directory, and `NAME.partial-*` beside it. Unknown here: layers, who sends.
//!
//! - [`error`]: why a stream cannot be unpacked, by path.
//!
//! Private: `complete` (a root filesystem beside its final place), `staged` (a directory beside its final place).

mod complete;
mod staged;

pub use complete::Rootfs;
pub use oci_image_tree::{Lost, Summary, error};
