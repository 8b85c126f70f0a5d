//! The walk: lists a directory tree, filtered, in the order that the daemon asks for.
//!
//! - `listing`: that order; `ahead`: the threads that read and examine before it, each a `part`; `error`: why a tree cannot be listed.
//! - `root`: opens what lies beneath it; `entry`: what the daemon is told of a name; `modified`: the time in that.
//! - `filter`: what is wanted; `follow`: the links on the way to it.

mod ahead;
mod entry;
mod error;
mod filter;
mod follow;
mod listing;
mod modified;
mod part;
mod root;

pub(crate) use entry::{Entry, Inode, Kind, Link};
pub use error::WalkError;
pub(crate) use filter::Filter;
pub use filter::Patterns;
pub(crate) use listing::{Visitor, walk};
pub use root::Root;
