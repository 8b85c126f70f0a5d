//! The slow path: the chain of steps for which the end of a build waited.
//!
//! From the step that ended last, or that failed, back to whatever it waited for: of the steps that it builds upon the one that ended
//! last. A step that builds upon none (an export, a transfer, what the frontend reads first) waited for whatever ended last in its
//! target before it began; the daemon does not say so, but runs these one after the other.
//!
//! Reads, writes: nothing. Unknown here: how it is shown.

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use super::build_record::{BuildRecord, RecordedStep, StepEnd};

/// How much later a step may have ended than the one began that waited for it: two clocks are read for it.
const OVERLAP: Duration = Duration::from_millis(20);
/// The same of a step of this program itself, whose beginning is the last moment at which it was seen not to have begun.
const OWN_OVERLAP: Duration = Duration::from_millis(500);
/// A step that took less than this, or less than so much of the whole, is not waited for.
const NOTABLE: Duration = Duration::from_millis(50);
const NOTABLE_PART: u32 = 100;

/// A step of the slow path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leg {
    /// Its place in the record.
    pub step: usize,
    /// For how long it ran.
    pub duration: Duration,
}

impl BuildRecord {
    /// The steps for which the end waited, in the order in which they ran; without those that took next to no time.
    #[must_use]
    pub fn slow_path(&self) -> Vec<Leg> {
        let mut legs = Vec::new();
        let mut seen = HashSet::new();
        let mut next = self.last_step();
        while let Some(place) = next.filter(|place| seen.insert(*place)) {
            let step = &self.steps[place];
            legs.push(Leg {
                step: place,
                duration: step.duration,
            });
            next = self.waited_for(step, &seen);
        }
        legs.reverse();
        let whole: Duration = legs.iter().map(|leg| leg.duration).sum();
        let notable = NOTABLE.max(whole / NOTABLE_PART);
        legs.retain(|leg| leg.duration >= notable);
        legs
    }

    /// The step that ended last; where one failed, the last of those.
    fn last_step(&self) -> Option<usize> {
        let rank = |place: &usize| {
            let step = &self.steps[*place];
            let has_failed = matches!(step.end, Some(StepEnd::Failed(_)));
            (has_failed, self.end_of(step), *place)
        };
        (0..self.steps.len()).max_by_key(rank)
    }

    fn waited_for(&self, step: &RecordedStep, seen: &HashSet<usize>) -> Option<usize> {
        let latest = |place: &usize| (self.end_of(&self.steps[*place]), *place);
        let unseen = |place: &usize| !seen.contains(place);
        if !step.inputs.is_empty() {
            let inputs = step.inputs.iter().copied();
            return inputs.filter(unseen).max_by_key(latest);
        }
        let begun = step.start()?;
        let overlap = if step.is_own() { OWN_OVERLAP } else { OVERLAP };
        let shares = |other: &RecordedStep| {
            step.is_own()
                || step
                    .targets
                    .iter()
                    .any(|target| other.targets.contains(target))
        };
        let before = |place: &usize| {
            let other = &self.steps[*place];
            let is_earlier = other.start().is_some_and(|start| start <= begun);
            is_earlier
                && shares(other)
                && self.end_of(other).is_some_and(|end| end <= begun + overlap)
        };
        let places = (0..self.steps.len()).filter(unseen).filter(before);
        places.max_by_key(latest)
    }

    fn end_of(&self, step: &RecordedStep) -> Option<SystemTime> {
        step.end_time(self.newest)
    }
}
