//! A context of many small files that the daemon has already: what it costs to find out that nothing has changed.
//!
//! Both sides start a daemon for each build, which says nothing of the sync: the same build of a trivial context, on the
//! same roots, is subtracted in a second row.

use super::BY_HAND;
use crate::{
    error::BenchError,
    pair::{Comparison, Goal, Pair},
    product::Product,
    rival::Rival,
    setting::Setting,
    tree,
};

const FILES: usize = 30_000;
const ROUNDS: usize = 7;

pub(super) fn run(setting: &Setting) -> Result<Vec<Comparison>, BenchError> {
    let fixed = rebuild(setting, &tree::trivial(setting)?)?;
    let whole = rebuild(setting, &tree::small_files(setting, FILES)?)?;

    let row = |what, pair| Comparison {
        what,
        against: BY_HAND,
        pair,
        goal: Goal::Ratio(0.5),
    };
    Ok(vec![
        row(
            "warm re-sync of 30,000 small files, whole build",
            whole.clone(),
        ),
        row(
            "warm re-sync of 30,000 small files, less a trivial build",
            whole.less(&fixed),
        ),
    ])
}

/// Builds a context once on each side, then measures building it again.
fn rebuild(setting: &Setting, context: &std::path::Path) -> Result<Pair, BenchError> {
    let product = Product::new(setting, context)?;
    let rival = Rival::new(setting, context)?;
    product.build()?;
    rival.build()?;
    Pair::in_turn(ROUNDS, || product.build(), || rival.build())
}
