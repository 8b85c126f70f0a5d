//! Contexts: directories that a solve offers to the daemon, and how they travel.
//!
//! - `local`: a directory under a name.
//! - `filesync`: sends it; `walk`: lists it; `ignore`: tells what is left out.
//! - `fingerprint`: tells whether it is as it was, by dates (`dating`); `checkout`: by contents, and `dated`, what is sent of it then;
//!   `dates`: since when it is so. `record`: what both are made of; `unknown`: why it cannot be told; `identity`: what a session is
//!   called by which the daemon finds what it has of it; `identity_key`: the secret in that. `private_file`: how that and dates are kept.

mod checkout;
mod dated;
mod dates;
mod dating;
mod filesync;
mod fingerprint;
mod identity;
mod identity_key;
mod ignore;
mod local;
mod private_file;
mod record;
mod unknown;
mod walk;

pub use checkout::Checkout;
pub use dated::Dated;
pub use dates::forget as forget_dates;
pub(crate) use filesync::{FileSync, Tally};
pub use filesync::{FileSyncError, Sent};
pub use fingerprint::{Fingerprint, MARGIN};
pub use identity::Identity;
pub use identity_key::IdentityKey;
pub use ignore::{Inherited, Matcher, PatternError, clean, is_well_formed, rules};
pub(crate) use local::shared_key;
pub use local::{Local, LocalQuestion};
pub use unknown::Unknown;
pub use walk::{Patterns, Root, WalkError};
