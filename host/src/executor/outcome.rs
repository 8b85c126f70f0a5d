//! The outcome of a build: its images, and what it took to make them.
//!
//! Reads and writes: nothing. Unknown here: how it is told.

use std::time::Duration;

use crate::executor::built::Built;
use crate::executor::built_on::BuiltOn;
use crate::executor::carried::Carried;
use crate::progress::Account;

/// What a build that is done has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The images that were exported, in the order of the plan: the final one comes last.
    pub images: Vec<Built>,
    /// What the steps came to.
    pub account: Account,
    /// How many bytes of files the daemon has taken of the contexts.
    pub sent: u64,
    /// How many bytes of results it has sent; what this machine had has not come.
    pub received: u64,
    /// The builders on which it was built; none: on a daemon that was started for it.
    pub builders: Vec<BuiltOn>,
    /// What became of the caches that its steps mount, where they are kept: those that were restored, then what was saved.
    pub carried: Vec<Carried>,
    /// How long it took, from a plan to results that have their names.
    pub elapsed: Duration,
}
