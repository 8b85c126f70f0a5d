//! Tar streams: entry by entry, and as trees of files that nothing can leave.
//!
//! - [`entry`]: the entries of a stream. `extension`: what stands before the header of one; `time`: when it was modified.
//! - [`unpack`] (`whole`): a stream that is all of a tree. [`Layers`] (`layers`): streams that are one above the other.
//! - [`Summary`] (`summary`): what was unpacked. [`error`]: why a stream cannot be, by path.
//!
//! Private: `unpacking` (the entries of streams, each made in a tree as it comes), `own` (what a layer has made, as against those below),
//! `hiding` (what a layer removes of those), `whiteout` (names that hide others), `resolution` (where a path leads), `path` (a path beneath
//! the root), `tree` (directories by path), `attributes` (owners, modes, times, extended attributes), `holes` (content without its zeroes),
//! `stream` (one as entries are read from it).
//!
//! The streams may say whatever they like: each directory is opened from the one above, never through a link, and each file is created new,
//! never opened. Directories are open to this user alone until the end, when they get their modes and times, deepest first.
//!
//! Reads: streams. Writes: beneath a directory that is given. Unknown here: images, where layers are, who sends.

mod attributes;
pub mod entry;
pub mod error;
mod extension;
mod hiding;
mod holes;
mod layers;
mod own;
mod path;
mod resolution;
mod stream;
mod summary;
mod time;
mod tree;
mod unpacking;
mod whiteout;
mod whole;

pub use attributes::{Lost, is_kept};
pub use error::RootfsError;
pub use layers::Layers;
pub use summary::Summary;
pub use time::Time;
pub use tree::PRIVATE;
pub use whole::unpack;
