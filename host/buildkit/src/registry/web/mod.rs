//! The web: one question to a server that a registry is or names, and its answer.
//!
//! - `question`: what is asked, and the whole answer; `error`: why there is none.
//! - `server`: where one is; `proxy`: which is asked by way of another; `tls`: what is trusted.
//! - `canned`: a server for tests.

#[cfg(test)]
pub(crate) mod canned;
mod error;
mod proxy;
mod question;
mod server;
mod tls;

pub(crate) use error::WebError;
pub(crate) use question::Web;
