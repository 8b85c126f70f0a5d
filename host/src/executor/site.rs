//! The site of a build: the machine's part of each of its solves.
//!
//! Reads and writes: nothing. Unknown here: plans.

use std::path::Path;

use crate::executor::host::Host;
use crate::executor::opened::Opened;
use crate::image::contents::Contents;

/// Where a build's solves are made.
#[derive(Clone, Copy)]
pub(super) struct Site<'run> {
    pub(super) host: &'run Host,
    pub(super) opened: &'run Opened,
    /// The daemon's.
    pub(super) socket: &'run Path,
    /// What it has of images.
    pub(super) contents: &'run Contents,
}
