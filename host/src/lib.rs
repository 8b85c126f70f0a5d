//! `oci-image`: builds OCI images in Concourse with BuildKit.
//!
//! The rooms, in the order in which the data passes them:
//!
//! - [`protocol`]: RFC 37: a message in, info and responses out.
//! - [`yaml`]: a request in YAML, as JSON with the place of each value.
//! - [`planner`]: a request in the sandbox: a checked plan, or diagnostics.
//! - [`diagnostics`]: diagnostics as text with excerpts, and as JSON.
//! - [`executor`]: runs a checked plan; the only room that knows all engines.
//! - [`registry`]: serves base images on loopback, read-only.
//! - [`image`]: archives and layouts by index, root filesystems, `metadata.json`.
//! - [`daemon`]: starts, watches and stops buildkitd.
//! - [`buildkit`]: a BuildKit client: session, solve, status; knows nothing of Concourse or of our plan.
//! - [`progress`]: what a person sees of a build while it runs, and why it failed.

pub mod buildkit;
pub mod daemon;
pub mod diagnostics;
pub mod executor;
pub mod image;
pub mod planner;
pub mod progress;
pub mod protocol;
pub mod registry;
pub mod yaml;
