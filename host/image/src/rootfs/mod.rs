//! A root filesystem: one flattened tar stream, unpacked into a directory that nothing can leave.
//!
//! The stream may say whatever it likes: each directory is opened from the one above, never through a link, and each
//! file is created new, never opened. The tree grows beside its final place, and its directories are open to this user
//! alone until the end, when they get their modes and times, deepest first; then it is renamed. The stream is one tree
//! (BuildKit's `tar` exporter): whiteouts have no meaning here.
//!
//! Reads: the stream, once. Writes: the directory, and `NAME.partial-*` beside it. Unknown here: layers, who sends.
//!
//! - [`error`]: why a stream cannot be unpacked, by path.
//!
//! Private: `complete` (a root filesystem beside its final place), `summary` (what was unpacked), `unpacking` (the entries of a stream,
//! each made as it comes), `staged` (a directory beside its final place), `path` (a path beneath the root), `tree` (directories by path),
//! `attributes` (owners, modes, times, extended attributes).

mod attributes;
mod complete;
pub mod error;
mod path;
mod staged;
mod summary;
mod tree;
mod unpacking;

pub use attributes::Lost;
pub use complete::Rootfs;
pub use summary::Summary;
