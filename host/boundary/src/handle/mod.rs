//! Handles: what a path leads to, followed once and held open. What is done later goes by the handle, and no more by the name,
//! which may lead elsewhere by then.
//!
//! A path that somebody names is followed wherever it leads. What stands inside of a directory that is held is reached beneath it
//! and nowhere else.
//!
//! - [`directory`]: a directory that is held.
//! - [`found`]: what stands at a path: a file, a directory, a socket.
//! - `partial`: a file or a directory that grows beside its final name.
//! - `tree`: a tree that is removed, whatever it holds.
//! - `working_directory`: where the paths of a request begin.

pub mod directory;
pub mod found;
mod partial;
mod tree;
mod working_directory;

pub use directory::Directory;
pub use directory::real_path;
pub use found::Found;
pub use partial::{PartialDirectory, PartialFile};
pub use tree::remove;
pub use working_directory::WorkingDirectory;
