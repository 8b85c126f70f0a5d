//! A context of many small files that a step mounts, and that the daemon has already: nothing in it has changed, or one file.
//!
//! Neither side exports: what is measured is how a side finds out.

use std::cell::Cell;

use serde_json::json;

use super::BY_HAND;
use crate::{
    error::BenchError,
    pair::{Comparison, Pair},
    product::Product,
    rival::Rival,
    setting::Setting,
    tree,
};

const FILES: usize = 30_000;
const ROUNDS: usize = 5;

pub(super) fn run(setting: &Setting) -> Result<Vec<Comparison>, BenchError> {
    let context = tree::small_files(setting, FILES)?;
    setting.remove_dir("image")?;
    let product = Product::asking(setting, &context, json!({"output": "image"}))?;
    let rival = Rival::solving(setting, &context, vec![Vec::new()], None)?;
    product.build()?;
    rival.build()?;
    let unchanged = Pair::in_turn(ROUNDS, || product.build(), || rival.build())?;

    let changes = Cell::new(0);
    let change = || tree::change(&context, changes.replace(changes.get() + 1));
    let changed = Pair::in_turn(
        ROUNDS,
        || change().and_then(|()| product.build()),
        || rival.build(),
    );
    tree::restore(&context)?;
    setting.remove_dir("root-ours")?;
    setting.remove_dir("root-by-hand")?;

    Ok(vec![
        unchanged.row(
            "30,000 small files in a step, nothing changed, no export",
            BY_HAND,
            0.3,
        ),
        changed?.row(
            "30,000 small files in a step, one changed, no export",
            BY_HAND,
            0.5,
        ),
    ])
}
