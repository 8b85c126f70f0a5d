//! Contexts: directories that a solve offers to the daemon, and how they travel.
//!
//! - `local`: a directory under a name.
//! - `filesync`: sends it; `walk`: lists it; `ignore`: tells what is left out.

mod filesync;
mod ignore;
mod local;
mod walk;

pub(crate) use filesync::FileSync;
pub use filesync::FileSyncError;
pub use ignore::{Inherited, Matcher, PatternError, clean, is_well_formed};
pub use local::Local;
pub(crate) use local::shared_key;
pub use walk::{Root, WalkError};
