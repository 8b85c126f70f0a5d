//! Storage: what builds keep in the daemon's root, how much of it there is, and what of it goes.
//!
//! - `place`: what stands where in a root. `usage`: how many bytes that has; `files`: a tree of files, with what each takes of a disk.
//! - `pruning`: what is to go, and who removes it; `error`: why it stays.

mod error;
mod files;
pub(crate) mod place;
mod pruning;
mod usage;

pub use error::StorageError;
pub use pruning::{Freed, Pruning, Scope};
pub use usage::{KeptPart, LargeBlob, Usage};
