//! 20,000 files of 100 MB in a cache mount: what it costs to have them in an empty daemon before a step, and to keep them after it.
//!
//! By hand it is done as scripts of CI do it: a solve before the build copies a directory of its context into the cache, and one after it
//! copies the cache into a layer and exports that as an archive; to unpack it for the next build is not counted. (`buildctl` may hang where it
//! exports a directory.) No image of the build is exported on either side. What both take for the same build without any of it is subtracted.

use std::{cell::Cell, path::Path};

use serde_json::{Value, json};

use super::BY_HAND;
use crate::{
    error::BenchError,
    pair::{Comparison, Pair},
    product::Product,
    rival::Rival,
    setting::Setting,
    tree,
};

const FILES: usize = 20_000;
const ROUNDS: usize = 3;
/// Where what is kept by hand stands.
const KEPT: &str = "kept-by-hand";

/// How a side by hand takes part of the work.
#[derive(Clone, Copy)]
enum Solve {
    Fill,
    Build,
    Keep,
}

pub(super) fn run(setting: &Setting) -> Result<Vec<Comparison>, BenchError> {
    let context = tree::cached(setting, FILES)?;
    setting.remove_dir("image")?;
    setting.fresh_dir("cache")?;
    let changes = Cell::new(0);
    let change = || tree::change(&context, changes.replace(changes.get() + 1));
    change()?;
    let dockerfile = context.join(tree::FILL);
    let dockerfile = dockerfile.strip_prefix(&setting.dir).unwrap_or(&dockerfile);
    ours(setting, &context, json!({"dockerfile": dockerfile}))?.build()?;

    let measured = |keys: Value, solves: &[Solve]| {
        let product = ours(setting, &context, keys)?;
        let rival = by_hand(setting, &context, solves)?;
        // A change, so that the step runs although its layer is in the cache.
        let ours = || change().and_then(|()| product.build_cold());
        Pair::in_turn(ROUNDS, ours, || rival.build_cold())
    };
    let without = measured(json!({"cache_mounts": []}), &[Solve::Build])?;
    let before = measured(
        json!({"cache_mounts_read_only": true}),
        &[Solve::Fill, Solve::Build],
    )?;
    let both = measured(json!({}), &[Solve::Fill, Solve::Build, Solve::Keep])?;
    tree::restore(&context)?;
    setting.clear()?;
    setting.remove_dir("cache")?;
    setting.remove_dir(KEPT)?;

    let row = |pair: Pair, what| pair.row(what, BY_HAND, 0.2);
    Ok(vec![
        row(
            before.less(&without),
            "20,000 files of 100 MB in a cache mount, restored on an empty root",
        ),
        row(both.less(&before), "the same, changed by a step and saved"),
        row(both.less(&without), "the same, restored and saved"),
    ])
}

fn ours<'setting>(
    setting: &'setting Setting,
    context: &Path,
    mut keys: Value,
) -> Result<Product<'setting>, BenchError> {
    keys["output"] = "image".into();
    keys["cache"] = true.into();
    Product::asking(setting, context, keys)
}

fn by_hand<'setting>(
    setting: &'setting Setting,
    context: &Path,
    solves: &[Solve],
) -> Result<Rival<'setting>, BenchError> {
    let kept = setting.fresh_dir(KEPT)?.join("kept.tar");
    let file = |name: &str| format!("--opt=filename={name}");
    let arguments = |solve: &Solve| match solve {
        Solve::Fill => vec![file(tree::FILL)],
        Solve::Build => Vec::new(),
        Solve::Keep => vec![
            file(tree::KEEP),
            format!("--output=type=tar,dest={}", kept.display()),
        ],
    };
    Rival::solving(
        setting,
        context,
        solves.iter().map(arguments).collect(),
        None,
    )
}
