//! SSH: lends an agent to `RUN --mount=type=ssh`: one of this machine, or one of our own that holds private keys.
//!
//! - `agent`: what is lent; `error`: why it cannot be.
//! - `forward`: the attachable, and what of an agent a step may ask; `message`: what that is called on the wire.
//!   `passage`: what it does of a conduit's bytes.
//! - `keyring`: an agent of our own; `key`: a private key in it; `key_error`: why one cannot be used.
//! - `openssh`, `der`: the formats of private keys; `remainder`: what the first leaves out of an RSA key; `wire`: SSH's data types.

mod agent;
mod der;
mod error;
mod forward;
mod key;
mod key_error;
mod keyring;
mod message;
mod openssh;
mod passage;
mod remainder;
mod wire;

pub use agent::SshAgent;
pub use error::SshError;
pub(crate) use forward::Ssh;
pub use key_error::KeyError;
