//! Ancestry: what a step builds upon, of the steps that were shown.
//!
//! Reads, writes: nothing. Unknown here: when they ran.

use std::collections::BTreeSet;

use crate::trace::Trace;

/// How many steps that were not shown are looked behind.
const MOST_BETWEEN: usize = 100;

/// The steps that were shown and that a step builds upon, straight or by others that were not, as places in the trace.
pub(super) fn inputs(trace: &Trace, index: usize) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut seen = BTreeSet::from([index]);
    let mut left = vec![index];
    while let Some(step) = left.pop() {
        let inputs = trace.step(step).inputs.iter();
        for input in inputs.filter_map(|input| trace.known(input)) {
            let input = shown_as(trace, input);
            if trace.step(input).number.is_some() {
                found.insert(input);
            } else if seen.len() <= MOST_BETWEEN && seen.insert(input) {
                left.push(input);
            }
        }
    }
    found.remove(&index);
    found
}

/// The step itself, or the one that was shown in its place.
fn shown_as(trace: &Trace, index: usize) -> usize {
    let solves = trace.step(index).solves.iter();
    let mut originals = solves.filter_map(|solve| trace.twins().shown(*solve, index));
    originals.next().unwrap_or(index)
}
