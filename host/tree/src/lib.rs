//! Tar streams: entry by entry, and as trees of files that nothing can leave.
//!
//! - [`entry`]: the entries of a stream. `extension`: what stands before the header of one; `time`: when it was modified.
//! - [`unpack`] (`unpacking`): the entries of a stream, each made in a tree as it comes. `tree`: directories by path; `path`: a path
//!   beneath the root; `attributes`: owners, modes, times, extended attributes; `holes`: content without its zeroes.
//! - [`Summary`] (`summary`): what was unpacked. [`error`]: why a stream cannot be, by path.
//!
//! The stream may say whatever it likes: each directory is opened from the one above, never through a link, and each file is created new,
//! never opened. Directories are open to this user alone until the end, when they get their modes and times, deepest first. The stream is
//! one tree: whiteouts have no meaning here.
//!
//! Reads: streams. Writes: beneath a directory that is given. Unknown here: images, layers, who sends.

mod attributes;
pub mod entry;
pub mod error;
mod extension;
mod holes;
mod path;
mod summary;
mod time;
mod tree;
mod unpacking;

pub use attributes::{Lost, is_kept};
pub use error::RootfsError;
pub use summary::Summary;
pub use time::Time;
pub use tree::PRIVATE;
pub use unpacking::unpack;
