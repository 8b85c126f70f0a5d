//! The slow path: the chain of steps for which the end of a build waited.
//!
//! From the step that ended last, or that failed, back to whatever it waited for: of the steps that it builds upon the one that ended
//! last. A step that builds upon none (an export, a transfer, what the frontend reads first) waited for whatever ended last in its
//! target before it began; the daemon does not say so, but runs these one after the other. What this program does itself goes on
//! beside all that: of it only the time counts after the last of those steps.
//!
//! Reads, writes: nothing. Unknown here: how it is shown.

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use super::build_record::{BuildRecord, RecordedStep, StepEnd};
use crate::part::since;

/// How much later a step may have ended than the one began that waited for it: two clocks are read for it.
const OVERLAP: Duration = Duration::from_millis(20);
/// An export or a transfer that ended so shortly before a step of this program itself ran beside that one to its end, and waited for it.
const BESIDE: Duration = Duration::from_millis(250);
/// A step that took less than this, or less than so much of the whole, is not waited for.
const NOTABLE: Duration = Duration::from_millis(50);
const NOTABLE_PART: u32 = 100;

/// A step of the slow path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leg {
    /// Its place in the record.
    pub step: usize,
    /// For how long it was waited for: as a rule, for how long it ran.
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
            next = self.waited_for(step, &seen);
            let alone = (self.end_of(step).zip(next))
                .and_then(|(end, before)| Some(since(self.end_of(&self.steps[before])?, end)))
                .filter(|_| step.is_own());
            legs.push(Leg {
                step: place,
                duration: alone.map_or(step.duration, |alone| alone.min(step.duration)),
            });
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
        let shares = |other: &RecordedStep| {
            let mut targets = step.targets.iter();
            step.is_own() || targets.any(|target| other.targets.contains(target))
        };
        let latest_end = |other: &RecordedStep| match step.is_own() {
            true if other.inputs.is_empty() => self.end_of(step)?.checked_sub(BESIDE),
            true => self.end_of(step),
            false => step.start()?.checked_add(OVERLAP),
        };
        let before = |place: &usize| {
            let other = &self.steps[*place];
            // What ended in no time may have ended after the one began that did not wait for it.
            let is_earlier = step.is_own() || other.start() <= step.start();
            let ends = self.end_of(other).zip(latest_end(other));
            is_earlier && shares(other) && ends.is_some_and(|(end, latest)| end <= latest)
        };
        let places = (0..self.steps.len()).filter(unseen).filter(before);
        places.max_by_key(latest)
    }

    fn end_of(&self, step: &RecordedStep) -> Option<SystemTime> {
        step.end_time(self.newest)
    }
}
