//! A BuildKit client: sessions, solves and their status over gRPC.
//!
//! Knows nothing of Concourse, of requests or of plans: it could be a crate of its own.
//!
//! - [`client`]: a channel to the daemon, and solves over it.
//! - [`solve`]: what is asked of the daemon, and what comes back.
//! - `attachables`: what the daemon may call during a solve, and what came of it.
//! - [`status`]: what the daemon reports of a solve while it runs: vertices, their logs and warnings; `reports` is their stream.
//! - [`error`]: what the daemon says of a solve that failed, as types.
//! - [`fault`]: what went wrong on our side of the session, as a `recorder` takes it from each attachable.
//! - [`session`]: the pipe on which the daemon calls us back; `tunnel` is that pipe as a stream of bytes.
//! - [`local`]: a directory offered to the daemon; [`filesync`] sends it, [`walk`] lists it, [`ignore`] tells what is left out.
//! - [`sink`]: where exported bytes go; `filesend` receives them.
//! - `auth`: what the daemon asks about logins for registries; `authority`: by what it knows again who answered.
//! - [`logins`]: those of a build, and to whom they are given. A [`login`] is found in [`docker_config`], Docker's configuration,
//!   for the [`repositories`] that a solve names.
//! - `token`: what a `realm` gives for a login; `challenge`: which login a registry wants; [`registries`]: how each is reached.
//! - `web`: one question to a server, and its answer.
//! - [`secrets`], [`ssh`]: what steps may mount.
//! - `store`: blobs in a directory; [`content`] serves it, by `containerd`'s protocol, and `ingest` fills it. [`layout`] is its form,
//!   [`cache`] its main use.
//! - `blocking`: input and output off the threads of the runtime.

mod attachables;
mod auth;
mod authority;
mod blocking;
pub mod cache;
mod challenge;
pub mod client;
mod containerd;
pub mod content;
pub mod docker_config;
pub mod error;
pub mod fault;
mod filesend;
pub mod filesync;
pub mod ignore;
mod ingest;
pub mod layout;
pub mod local;
pub mod login;
pub mod logins;
mod realm;
mod recorder;
pub mod registries;
mod reports;
pub mod repositories;
pub mod secrets;
pub mod session;
pub mod sink;
pub mod solve;
pub mod ssh;
pub mod status;
mod store;
mod token;
mod tunnel;
pub mod walk;
mod web;
