//! The endpoint: where a daemon is, how it is reached, and how it is known to be the one.
//!
//! - `place`: an endpoint as a whole.
//! - `address`: what is written: `tcp://builders.example:1234`, `ssh://host`, ... `address_error`: what is wrong with it.
//! - `certificates`: who is believed to be the daemon, and who we say that we are.
//! - `relay`: the programs that reach a daemon where no network does.
//! - `dial`: a stream of bytes to it. `pipe`: that of a program. `once`: of what comes after its end.

mod address;
mod address_error;
mod certificates;
mod dial;
mod once;
mod pipe;
mod place;
mod relay;

pub use address::Address;
pub use address_error::AddressError;
pub use certificates::{CertificateError, Certificates};
pub use dial::DialError;
pub(crate) use dial::Dialled;
pub(crate) use once::{Ended, Witnessed};
pub(crate) use pipe::LastWords;
pub use place::Endpoint;
pub use relay::Relay;
