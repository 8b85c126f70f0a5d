//! `oci-image`: builds OCI images in Concourse with BuildKit.
//!
//! The rooms, in the order in which the data passes them:
//!
//! - [`buildkit`]: a BuildKit client: session, solve, status; knows nothing of Concourse or of our plan.
//! - [`progress`]: what a person sees of a build while it runs, and why it failed.

pub mod buildkit;
pub mod progress;
