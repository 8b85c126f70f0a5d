//! `oci-image`: builds OCI images in Concourse with BuildKit.
//!
//! The rooms, in the order in which the data passes them; a crate of its own is here by its name:
//!
//! - [`protocol`]: RFC 37: a message in, info and responses out.
//! - [`forms`] (crate): what somebody wrote, in JSON, YAML, a task or a pipeline: an object, and the way from it to the text. Its rooms
//!   [`source`], [`yaml`], [`task`], [`pipeline`] and [`idiom`] are here by their names.
//! - [`planner`] (crate): a request in the sandbox: a checked plan, or diagnostics.
//! - [`diagnostics`]: diagnostics as text with excerpts, and as JSON.
//! - [`executor`]: runs a checked plan; the only room that knows all engines.
//! - [`inspection`]: what is to be told of a Dockerfile before anything is built from it.
//! - [`storage`]: what builds keep in the daemon's root, how much that is, and what of it goes.
//! - [`doctor`]: whether a build would start on this machine, and what to do about it.
//! - [`image`] (crate): archives and layouts by index, root filesystems, `metadata.json`, and the registry that serves base images.
//! - [`daemon`] (crate): starts, watches and stops buildkitd.
//! - [`fleet`] (crate): which builder of several builds something.
//! - [`buildkit`] (crate): a BuildKit client: session, solve, status; knows nothing of Concourse or of our plan.
//! - [`mounts`] (crate): caches of `RUN --mount=type=cache` between builds.
//! - [`progress`] (crate): what a person sees of a build while it runs, and why it failed.
//! - [`excerpt`] (crate): places in requests and Dockerfiles, marked between their neighbours.
//! - [`page`] (crate): what a build did, as one page of HTML.
//! - [`boundary`] (crate): what comes from outside, held: paths as handles, texts as they may be shown, work that is called off.
//!
//! # How to
//!
//! An image from an object, as `oci-image build` makes it. Each job is of use alone too: to answer a message
//! ([`protocol::Message`]), validate or plan ([`planner::Planner`]), run a daemon ([`daemon::Daemon::start`]), solve over it
//! ([`buildkit::client::Client::solve`]), serve an archive ([`image::registry::Registry::serve`]), unpack an image
//! ([`image::rootfs`]).
//!
//! Nothing is written to this process's standard output or error: what a build says while it runs is told to the
//! [`executor::Audience`] of its [`executor::Host`], which is nobody unless one is given.
//!
//! ```no_run
//! use oci_image::boundary::handle::WorkingDirectory;
//! use oci_image::executor::{self, Host, Outcome};
//! use oci_image::planner::{Planner, mask};
//!
//! async fn build(object: &str, directory: WorkingDirectory) -> Result<Outcome, Box<dyn std::error::Error>> {
//!     let object = mask(object); // the planner sees no secret
//!     let plan = Planner::load()?.plan(&object, &directory)?; // checked: it is what the object asks for
//!     Ok(executor::run(&plan, &Host::new(directory), std::future::pending()).await?)
//! }
//! ```

pub mod diagnostics;
pub mod doctor;
pub mod executor;
pub mod inspection;
pub mod protocol;
pub mod storage;

pub use oci_image_boundary as boundary;
pub use oci_image_buildkit as buildkit;
pub use oci_image_daemon as daemon;
pub use oci_image_excerpt as excerpt;
pub use oci_image_fleet as fleet;
pub use oci_image_forms as forms;
pub use oci_image_forms::{idiom, pipeline, source, task, yaml};
pub use oci_image_image as image;
pub use oci_image_mounts as mounts;
pub use oci_image_page as page;
pub use oci_image_planner as planner;
pub use oci_image_progress as progress;
