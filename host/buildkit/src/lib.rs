//! A BuildKit client: sessions, solves and their status over gRPC.
//!
//! Knows nothing of Concourse, of requests or of plans. `examples/solve.rs` builds a Dockerfile with nothing but this.
//!
//! A solve:
//! - [`endpoint`]: where a daemon is, and how it is reached.
//! - [`client`]: a channel to the daemon, and solves over it. [`info`]: what it says of itself.
//! - [`solve`]: what is asked of the daemon, and what comes back; [`failure`]: what the daemon says of one that failed.
//!   `solve_request` is how it is asked.
//! - [`offered_image`]: an image in the place of what a registry has.
//! - [`llb`]: steps of a client's own, in place of a frontend's; [`cache_mount`]: a cache that steps mount.
//! - [`subrequest`]: what a frontend says in place of building; `gateway`: how it is asked.
//! - [`status`]: what the daemon reports of a solve while it runs: vertices, their logs and warnings; `reports` is their stream.
//!
//! Between solves: [`prune`], what its cache loses; [`usage`], what of it is in use.
//!
//! What the daemon calls meanwhile:
//! - `attachables`: all that it may call, and what came of it; [`session`]: the pipe for that; `tunnel`: it as a stream of bytes.
//! - `whole`: a call whose end is told from its being called off.
//! - [`fault`]: what an attachable met, as a `recorder` takes it.
//! - [`context`]: directories, and how they are sent; [`contexts`]: a session of those alone, which solves share.
//! - [`secrets`], [`ssh`]: what steps may mount; [`conduit`]: bytes of a step, to and fro.
//! - [`registry`]: logins, and how registries are reached.
//! - [`sink`]: where exported bytes go; `filesend` receives them. [`content`]: blobs that are read and kept, such as a cache.
//!
//! Reads of the process: `$DOCKER_CONFIG`, `$HOME` and `$DOCKER_AUTH_CONFIG` ([`registry::DockerConfig::from_environment`]),
//! `$SSH_AUTH_SOCK` ([`ssh::SshAgent::open`]); for registries that want a login the proxies' variables, `$SSL_CERT_FILE` and
//! `$SSL_CERT_DIR`. Writes to none of its streams.

mod attachables;
pub mod cache_mount;
pub mod client;
pub mod conduit;
pub mod content;
pub mod context;
pub mod contexts;
pub mod endpoint;
pub mod failure;
pub mod fault;
mod filesend;
mod gateway;
pub mod info;
pub mod llb;
pub mod offered_image;
pub mod prune;
mod recorder;
pub mod registry;
mod reports;
pub mod secrets;
pub mod session;
pub mod sink;
pub mod solve;
mod solve_request;
pub mod ssh;
pub mod status;
pub mod subrequest;
mod tunnel;
pub mod usage;
mod whole;

pub use client::{Client, ConnectError};
pub use endpoint::Endpoint;
pub use oci_image_boundary::handle::Directory;
pub use oci_image_boundary::regular_file::RegularFile;
pub use oci_spec::image::Digest;
pub use solve::{Solve, SolveError, Solved};
