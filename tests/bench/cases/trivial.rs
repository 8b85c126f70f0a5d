//! A build with next to nothing in it: what the daemon's start and stop, a session and an export cost.

use super::BY_HAND;
use crate::{
    error::BenchError,
    pair::{Comparison, Pair},
    product::Product,
    rival::Rival,
    setting::Setting,
    tree,
};

const ROUNDS: usize = 9;

pub(super) fn run(setting: &Setting) -> Result<Vec<Comparison>, BenchError> {
    let context = tree::trivial(setting)?;
    let product = Product::new(setting, &context)?;
    let rival = Rival::new(setting, &context)?;

    let cold = Pair::in_turn(ROUNDS, || product.build_cold(), || rival.build_cold())?;
    // The last cold build of each left a root that knows the result.
    let warm = Pair::in_turn(ROUNDS, || product.build(), || rival.build())?;

    Ok(vec![
        cold.row("trivial build, daemon with an empty root", BY_HAND, 0.85),
        warm.row("trivial build, daemon with a warm root", BY_HAND, 0.65),
    ])
}
