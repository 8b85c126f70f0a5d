//! A context of 1 GiB that the daemon has not: how fast bytes travel.

use super::BY_HAND;
use crate::{
    error::BenchError,
    pair::{Comparison, Goal, Pair},
    product::Product,
    rival::Rival,
    setting::Setting,
    tree,
};

const BYTES: usize = 1 << 30;
const ROUNDS: usize = 5;

pub(super) fn run(setting: &Setting) -> Result<Vec<Comparison>, BenchError> {
    let context = tree::large_files(setting, BYTES)?;
    let product = Product::new(setting, &context)?;
    let rival = Rival::new(setting, &context)?;
    let pair = Pair::in_turn(ROUNDS, || product.build_cold(), || rival.build_cold())?;
    setting.remove_dir("root-ours")?;
    setting.remove_dir("root-by-hand")?;
    Ok(vec![Comparison {
        what: "first sync of 1 GiB, whole build",
        against: BY_HAND,
        pair,
        goal: Goal::Ratio(0.7),
    }])
}
