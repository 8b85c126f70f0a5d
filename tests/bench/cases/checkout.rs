//! A context of many small files that a step mounts, checked out anew before each build: nothing in it has changed, or one file.
//!
//! Ours tells it by its contents (`context_by_content`). Neither side exports.

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
const ROUNDS: usize = 3;

pub(super) fn run(setting: &Setting) -> Result<Vec<Comparison>, BenchError> {
    let context = tree::small_files(setting, FILES)?;
    setting.remove_dir("image")?;
    let object = json!({"output": "image", "context_by_content": true});
    let product = Product::asking(setting, &context, object)?;
    let rival = Rival::solving(setting, &context, vec![Vec::new()], None)?;
    product.build()?;
    rival.build()?;
    let anew = || tree::check_out_anew(&context);
    let unchanged = Pair::in_turn(
        ROUNDS,
        || anew().and_then(|()| product.build()),
        || anew().and_then(|()| rival.build()),
    )?;

    let changes = Cell::new(0);
    let change = || {
        anew()?;
        tree::change(&context, changes.replace(changes.get() + 1))
    };
    let changed = Pair::in_turn(
        ROUNDS,
        || change().and_then(|()| product.build()),
        || change().and_then(|()| rival.build()),
    );
    tree::restore(&context)?;
    setting.remove_dir("root-ours")?;
    setting.remove_dir("root-by-hand")?;

    Ok(vec![
        unchanged.row(
            "30,000 small files in a step, a fresh checkout, no export",
            BY_HAND,
            0.5,
        ),
        changed?.row(
            "30,000 small files in a step, a fresh checkout, one changed, no export",
            BY_HAND,
            0.5,
        ),
    ])
}
