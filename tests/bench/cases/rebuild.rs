//! A small layer that has changed, above a large one that has not: what it costs to write the archive again.

use std::{cell::Cell, path::Path};

use super::BY_HAND;
use crate::{
    error::BenchError,
    pair::{Comparison, Pair},
    product::Product,
    rival::Rival,
    setting::Setting,
    tree,
};

const PROGRAMS: usize = 300_000_000;
const NOISE: usize = 1_000_000_000;
const ROUNDS: usize = 3;

pub(super) fn run(setting: &Setting) -> Result<Vec<Comparison>, BenchError> {
    let programs = above(setting, &tree::programs(setting, PROGRAMS)?)?;
    let context = tree::noise_below(setting, NOISE)?;
    let noise = above(setting, &context);
    tree::forget(&context)?;

    Ok(vec![
        programs.row(
            "a new small layer above 300 MB like `/usr`, archive",
            BY_HAND,
            0.35,
        ),
        noise?.row(
            "a new small layer above 1 GB that does not compress, archive",
            BY_HAND,
            0.25,
        ),
    ])
}

/// Builds a context once on each side, then measures building it with a change.
fn above(setting: &Setting, context: &Path) -> Result<Pair, BenchError> {
    let product = Product::new(setting, context)?;
    let rival = Rival::new(setting, context)?;
    let changes = Cell::new(0);
    let change = || tree::change(context, changes.replace(changes.get() + 1));
    change()?;
    product.build()?;
    rival.build()?;
    let pair = Pair::in_turn(
        ROUNDS,
        || change().and_then(|()| product.build()),
        || rival.build(),
    );
    setting.clear()?;
    pair
}
