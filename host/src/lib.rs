//! `oci-image`: builds OCI images in Concourse with BuildKit.
//!
//! The rooms, in the order in which the data passes them:
//!
//! - [`protocol`]: RFC 37: a message in, info and responses out.
//! - [`buildkit`]: a BuildKit client: session, solve, status; knows nothing of Concourse or of our plan.

pub mod buildkit;
pub mod protocol;
