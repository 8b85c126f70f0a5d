//! The site of a build: the machine's part of each of its solves.
//!
//! Reads and writes: nothing. Unknown here: plans.

use crate::buildkit::client::Client;
use crate::executor::engine::Engine;
use crate::executor::host::Host;
use crate::executor::opened::Opened;
use crate::image::contents::Contents;

/// Where a build's solves are made.
#[derive(Clone, Copy)]
pub(super) struct Site<'run> {
    pub(super) host: &'run Host,
    pub(super) opened: &'run Opened,
    pub(super) engine: &'run Engine,
    /// What this machine has of images.
    pub(super) contents: &'run Contents,
}

impl<'run> Site<'run> {
    /// The connection to the engine.
    pub(super) fn client(self) -> &'run Client {
        self.engine.client()
    }

    /// Whether the daemon is ours: on this machine, on the root that is the host's.
    pub(super) fn is_ours(self) -> bool {
        self.engine.remote().is_none()
    }
}
