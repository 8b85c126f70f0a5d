//! An account: what the steps of a build came to, for its ending.
//!
//! Reads, writes: nothing. Unknown here: images.

use std::cmp::Reverse;
use std::time::Duration;

use crate::plain::title;
use crate::trace::Trace;

/// How many of the slowest steps are named.
const MOST_SLOW: usize = 3;
/// A step that ran shorter is nothing to wait for.
const NOTABLE: Duration = Duration::from_secs(1);

/// What the steps of a build came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// How many were shown.
    pub steps: usize,
    /// Of these, how many had a result already.
    pub cached: usize,
    /// Those that ran longest, for a second or more; the slowest first, three at most.
    pub slowest: Vec<SlowStep>,
    /// How many things the frontend warns of.
    pub warnings: usize,
}

/// A step for which a build waited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlowStep {
    /// The number that progress shows: `#7`.
    pub number: u32,
    /// What a person calls it, with its targets where there are several.
    pub name: String,
    /// For how long it ran in all.
    pub duration: Duration,
}

impl Account {
    pub(super) fn of(trace: &Trace) -> Self {
        let shown = || {
            let steps = trace.steps().iter();
            steps.filter_map(|step| Some((step.number?, step)))
        };
        let mut slowest: Vec<_> = shown()
            .map(|(number, step)| (step.duration(), number, step))
            .filter(|(duration, ..)| *duration >= NOTABLE)
            .collect();
        slowest.sort_by_key(|(duration, number, _)| (Reverse(*duration), *number));
        Self {
            steps: shown().count(),
            cached: shown().filter(|(_, step)| step.was_cached()).count(),
            slowest: (slowest.into_iter().take(MOST_SLOW))
                .map(|(duration, number, step)| SlowStep {
                    number,
                    name: title(trace, step),
                    duration,
                })
                .collect(),
            warnings: trace.warnings().count(),
        }
    }
}
