//! The logs of all steps, which share their room.
//!
//! When there is none left, the logs of steps that have ended well go first, the oldest of them first of all: what is looked for is
//! why a build failed, or what it does now.
//!
//! Reads, writes: nothing. Unknown here: what a step is.

use std::collections::VecDeque;
use std::time::Duration;

use super::kept_log::KeptLog;

/// What all logs may cost together, as [`KeptLog`] counts it: so large a page of nothing but logs is.
const MOST_COST: usize = 4 << 20;

/// Logs, each under the place of its step.
#[derive(Debug, Default)]
pub(super) struct Journal {
    logs: Vec<KeptLog>,
    cost: usize,
    /// Those of steps that have ended well, the oldest first.
    spare: VecDeque<usize>,
}

impl Journal {
    /// Takes a line of a step.
    pub(super) fn push(&mut self, step: usize, since_start: Duration, line: &str) {
        if self.logs.len() <= step {
            self.logs.resize_with(step + 1, KeptLog::default);
        }
        self.change(step, |log| log.push(since_start, line));
        while self.cost > MOST_COST {
            match self.spare.pop_front() {
                Some(spare) => self.change(spare, KeptLog::clear),
                None => self.change(step, |log| {
                    log.shrink();
                }),
            }
        }
    }

    /// A step has ended, and nobody will look for the reason.
    pub(super) fn spare(&mut self, step: usize) {
        let is_kept = self.logs.get(step).is_some_and(|log| log.cost() > 0);
        if is_kept && !self.spare.contains(&step) {
            self.spare.push_back(step);
        }
    }

    /// The log of a step.
    pub(super) fn log(&self, step: usize) -> KeptLog {
        self.logs.get(step).cloned().unwrap_or_default()
    }

    fn change(&mut self, step: usize, change: impl FnOnce(&mut KeptLog)) {
        let log = &mut self.logs[step];
        let before = log.cost();
        change(log);
        self.cost = self.cost + log.cost() - before;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(journal: &mut Journal, step: usize) {
        (0..500)
            .for_each(|n| journal.push(step, Duration::ZERO, &format!("{n} {}", "<".repeat(80))));
    }

    #[test]
    fn logs_of_steps_that_ended_well_go_first_and_the_cap_holds() {
        let mut journal = Journal::default();

        fill(&mut journal, 0);
        for step in 1..60 {
            fill(&mut journal, step);
            journal.spare(step);
        }

        assert!(journal.cost <= MOST_COST);
        assert!(journal.log(0).cost() > 0, "it has not ended");
        assert_eq!(journal.log(1).cost(), 0);
        assert_eq!(journal.log(1).left_out(), 500);
        assert!(journal.log(59).cost() > 0);
        let sum: usize = journal.logs.iter().map(KeptLog::cost).sum();
        assert_eq!(journal.cost, sum);
    }

    #[test]
    fn steps_that_all_run_share_what_there_is() {
        let mut journal = Journal::default();

        (0..60).for_each(|step| fill(&mut journal, step));

        assert!(journal.cost <= MOST_COST);
        assert!(journal.log(0).cost() > 0);
        assert_eq!(journal.log(59).seen(), 500);
    }
}
