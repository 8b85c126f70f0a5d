//! FileSync: sends the locals of a solve to the daemon.
//!
//! - `service`: the attachable; `header`: what a call asks for; `error`: why a local cannot be sent.
//! - `send`: the listing and the contents of one local; `requests`: which of those the daemon wants; `packet`: both on the wire;
//!   `tally`: how much that was.

mod error;
mod header;
mod packet;
mod requests;
mod send;
mod service;
mod tally;

pub use error::FileSyncError;
pub(crate) use service::FileSync;
pub use tally::Sent;
pub(crate) use tally::Tally;
