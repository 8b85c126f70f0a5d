//! A registry that serves images of files to this machine, for reading only.
//!
//! BuildKit can pull from nothing but a registry, so a preloaded base image becomes one: on 127.0.0.1 at a port of the
//! kernel's choice, plain HTTP, which BuildKit speaks to loopback addresses unasked. Whatever may connect may read the
//! images and nothing else; there is nothing to write to.
//!
//! Reads: the files of the images it was given. Writes: nothing. Unknown here: archives, plans, BuildKit's API.
//! Source: OCI distribution-spec 1.1, category `Pull` and `Content Discovery`; RFC 9110 for ranges and conditions;
//! BuildKit, `util/resolver` (`MatchLocalhost`).
//!
//! - `server`: who listens. `error`: why nobody does.
//! - `name`: repository names from arguments' names. `route`: what a path asks for.
//! - `answer`: the response to a request. `range`: the part of a blob that is asked for.
//! - `ahead`: what is done before a client is told of an image.
//! - `pieces`: the bytes of a blob as a stream. `check`: whether a blob is the one of its digest.

mod ahead;
mod answer;
mod check;
mod error;
mod name;
mod pieces;
mod range;
mod route;
mod server;

pub use error::RegistryError;
pub use name::repositories;
pub use server::Registry;
