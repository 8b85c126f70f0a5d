//! A step that failed, as it is kept for the report of the build.
//!
//! Reads, writes: nothing. Unknown here: why a build fails with it.

use crate::step::{Outcome, Step};

/// A step that failed, with the end of its log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedStep {
    /// Digest of the vertex.
    pub digest: String,
    /// The number that progress shows: `#7`.
    pub number: u32,
    /// What a person calls it: `[build 3/4] RUN make`.
    pub name: String,
    /// Why it failed, in the daemon's words.
    pub error: String,
    /// The last lines of its log, at most 40 and about 16 KiB.
    pub tail: Vec<String>,
    /// How many lines the log had in all.
    pub lines: u64,
}

impl FailedStep {
    /// `None` for a step that has not failed.
    pub(super) fn of(step: &Step) -> Option<Self> {
        let Some(Outcome::Failed(error)) = &step.ended else {
            return None;
        };
        Some(Self {
            digest: step.digest.clone(),
            number: step.number.unwrap_or(0),
            name: step.name.clone(),
            error: error.clone(),
            tail: step.tail.lines().map(str::to_owned).collect(),
            lines: step.tail.seen(),
        })
    }
}
