//! `oci-image`: builds OCI images in Concourse with BuildKit.
//!
//! The rooms, in the order in which the data passes them:
//!
//! - [`protocol`]: RFC 37: a message in, info and responses out.
//! - [`yaml`]: a request in YAML, as JSON with the place of each value.
//! - [`task`]: the parameters of a task, as such JSON too.
//! - [`planner`]: a request in the sandbox: a checked plan, or diagnostics.
//! - [`diagnostics`]: diagnostics as text with excerpts, and as JSON.
//! - [`executor`]: runs a checked plan; the only room that knows all engines.
//! - [`registry`]: serves base images on loopback, read-only.
//! - [`image`]: archives and layouts by index, root filesystems, `metadata.json`.
//! - [`daemon`]: starts, watches and stops buildkitd.
//! - [`buildkit`]: a BuildKit client: session, solve, status; knows nothing of Concourse or of our plan.
//! - [`progress`]: what a person sees of a build while it runs, and why it failed.
//! - [`outside`]: texts from outside as they may be shown, for every room.
//! - [`idiom`]: what is said of an object, in the language of whoever wrote it.
//! - `json_string`: a JSON string's characters, for the rooms that write JSON with places.
//! - `secret_name`: names before which a secret may stand, however they are spelt.
//! - `blocking`: work that blocks, for the rooms that await it.
//! - [`cancel`]: how such work is asked to end early.
//! - [`handle`]: what a path leads to, followed once and held; and what grows beside its final name.
//! - [`outlet`]: standard error, for those who must not wait for its reader for ever.
//! - [`regular_file`]: files that are opened where nobody knows what stands.
//!
//! # How to
//!
//! An image from an object, as `oci-image build` makes it. Each job is of use alone too: to answer a message
//! ([`protocol::Message`]), validate or plan ([`planner::Planner`]), run a daemon ([`daemon::Daemon::start`]), solve over it
//! ([`buildkit::client::Client::solve`]), serve an archive ([`registry::Registry::serve`]), unpack an image
//! ([`image::rootfs`]).
//!
//! ```no_run
//! use oci_image::executor::{self, Built, Host};
//! use oci_image::planner::{Planner, inline_secrets, workspace::NativeWorkspace};
//!
//! async fn build(object: &str, directory: &std::path::Path) -> Result<Vec<Built>, Box<dyn std::error::Error>> {
//!     let masked = inline_secrets::mask(object); // the planner sees no secret
//!     let workspace = NativeWorkspace::open(directory, &masked.object)?;
//!     let planned = Planner::load()?.plan(&masked.object, workspace)?;
//!     let plan = planned.result.map_err(|mistakes| format!("{mistakes:?}"))?; // checked: it is what the object asks for
//!     Ok(executor::run(&plan, masked.secrets, &Host::new(directory), std::future::pending()).await?)
//! }
//! ```

mod blocking;
pub mod buildkit;
pub mod cancel;
pub mod daemon;
pub mod diagnostics;
pub mod executor;
pub mod handle;
pub mod idiom;
pub mod image;
mod json_string;
pub mod outlet;
pub mod outside;
pub mod planner;
pub mod progress;
pub mod protocol;
pub mod registry;
pub mod regular_file;
mod secret_name;
pub mod task;
pub mod yaml;
