//! Contexts: directories that a solve offers to the daemon, and how they travel.
//!
//! - `local`: a directory under a name.
//! - `filesync`: sends it; `walk`: lists it; `ignore`: tells what is left out.
//! - `fingerprint`: tells whether it is as it was; `unknown`: why that cannot be told; `identity`: what a session is called by which
//!   the daemon finds what it has of it.

mod filesync;
mod fingerprint;
mod identity;
mod ignore;
mod local;
mod unknown;
mod walk;

pub(crate) use filesync::{FileSync, Tally};
pub use filesync::{FileSyncError, Sent};
pub use fingerprint::{Fingerprint, LocalQuestion, MARGIN};
pub use identity::{Identity, IdentityKey};
pub use ignore::{Inherited, Matcher, PatternError, clean, is_well_formed, rules};
pub use local::Local;
pub(crate) use local::shared_key;
pub use unknown::Unknown;
pub use walk::{Patterns, Root, WalkError};
