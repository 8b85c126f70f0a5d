//! Clocks: until when it is known what happened, by what was reported.
//!
//! The reports of several solves come side by side, and those of one may be late: the daemon keeps what is not asked for. So what one
//! solve says of a time tells nothing of what another did by then.
//!
//! Reads, writes: nothing. Unknown here: steps.

use std::collections::HashMap;
use std::time::SystemTime;

use crate::step::SolveId;

/// The newest times that were spoken of.
#[derive(Debug)]
pub(super) struct Clocks {
    /// By any report.
    pub(super) now: SystemTime,
    by_solve: HashMap<SolveId, SystemTime>,
}

impl Clocks {
    pub(super) fn new() -> Self {
        Self {
            now: SystemTime::UNIX_EPOCH,
            by_solve: HashMap::new(),
        }
    }

    /// A solve speaks of this time.
    pub(super) fn tick(&mut self, solve: SolveId, time: Option<SystemTime>) {
        let Some(time) = time else { return };
        self.now = self.now.max(time);
        let clock = self.by_solve.entry(solve).or_insert(time);
        *clock = time.max(*clock);
    }

    /// Until when all is known of what these solves share.
    pub(super) fn of(&self, solves: &[SolveId]) -> SystemTime {
        let clocks = solves.iter().filter_map(|solve| self.by_solve.get(solve));
        clocks.max().copied().unwrap_or(self.now)
    }
}
