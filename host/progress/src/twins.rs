//! Twins: one step under two digests, where two solves do the same work.
//!
//! Reads, writes: nothing. Unknown here: what is reported of them.

use crate::step::{SolveId, Step};

/// Steps, among which those are that are the same. A step that was shown is nobody's double.
#[derive(Clone, Copy)]
pub(super) struct Twins<'a> {
    pub steps: &'a [Step],
    /// Whether there are several solves.
    pub has_targets: bool,
}

impl Twins<'_> {
    /// The step that was shown already, if this one is it under another digest: BuildKit merges equal work of two solves that have
    /// sessions of their own into the vertex of one, and at its end reports the vertex of the other as cached.
    pub(super) fn shown(self, solve: SolveId, index: usize) -> Option<usize> {
        self.find(index, |step| {
            step.solves.len() > 1 && step.solves.contains(&solve)
        })
    }

    /// The step of another solve that has ended well and is called the same, for a step that was not shown yet. The
    /// digests differ where the same work begins with the session of a solve (a local); targets of one Dockerfile number
    /// their steps by stage, so that a name is no other step's.
    pub(super) fn done(self, solve: SolveId, index: usize) -> Option<usize> {
        self.find(index, |step| {
            step.has_ended_well() && !step.solves.contains(&solve)
        })
    }

    fn find(self, index: usize, is_it: impl Fn(&Step) -> bool) -> Option<usize> {
        let double = &self.steps[index];
        let is_original =
            |step: &Step| step.number.is_some() && step.name == double.name && is_it(step);
        let unseen = double.number.is_none() && self.has_targets;
        unseen.then(|| self.steps.iter().position(is_original))?
    }
}
