//! A BuildKit client: sessions, solves and their status over gRPC.
//!
//! Knows nothing of Concourse, of requests or of plans: it could be a crate of its own.
//!
//! - [`status`]: what the daemon reports of a solve while it runs: vertices, their logs and warnings.
//! - [`error`]: what the daemon says of a solve that failed, as types.

pub mod error;
pub mod status;
