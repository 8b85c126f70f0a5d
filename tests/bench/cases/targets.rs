//! Three targets of one Dockerfile: in one request, against three solves.
//!
//! Once with steps that wait, against one solve after the other; once with a context of many files that each of them reads,
//! against whichever is faster, one after the other or all at once.

use std::path::Path;

use serde_json::json;

use super::BY_HAND;
use crate::{
    error::BenchError,
    measure::Sample,
    pair::{Comparison, Pair},
    product::Product,
    rival::Rival,
    setting::Setting,
    tree,
};

const TARGETS: [&str; 3] = ["one", "two", "three"];
const ROUNDS: usize = 5;
const FILES: usize = 30_000;

pub(super) fn run(setting: &Setting) -> Result<Vec<Comparison>, BenchError> {
    let waiting = tree::three_targets(setting)?;
    let (product, rival) = (ours(setting, &waiting)?, theirs(setting, &waiting)?);
    let waiting = Pair::in_turn(ROUNDS, || product.build_cold(), || rival.build_cold())?;

    let reading = tree::small_files_thrice(setting, FILES)?;
    let product = ours(setting, &reading)?;
    let in_turn = theirs(setting, &reading)?;
    let at_once = theirs(setting, &reading)?.at_once();
    let reading = Pair::in_turn(
        ROUNDS,
        || product.build_cold(),
        || {
            let in_turn = in_turn.build_cold()?;
            let at_once = at_once.build_cold()?;
            Ok(faster(in_turn, at_once))
        },
    )?;
    setting.remove_dir("root-ours")?;
    setting.remove_dir("root-by-hand")?;
    Ok(vec![
        waiting.row(
            "three targets with a step of 2 s each, cold root",
            BY_HAND,
            0.45,
        ),
        reading.row(
            "three targets that read one context of 30,000 small files, cold root",
            "`buildkitd` + the faster of three `buildctl` in turn and at once",
            0.4,
        ),
    ])
}

fn ours<'setting>(
    setting: &'setting Setting,
    context: &Path,
) -> Result<Product<'setting>, BenchError> {
    let [first, others @ ..] = TARGETS;
    for directory in ["image", "two", "three"] {
        setting.fresh_dir(directory)?;
    }
    let object = json!({"output": "image", "target": first, "additional_targets": others});
    Product::asking(setting, context, object)
}

fn theirs<'setting>(
    setting: &'setting Setting,
    context: &Path,
) -> Result<Rival<'setting>, BenchError> {
    let by_hand = setting.fresh_dir("image-by-hand")?;
    let solve = |target: &str| {
        let output = format!("type=docker,dest={}/{target}.tar", by_hand.display());
        ["--opt", &format!("target={target}"), "--output", &output]
            .map(str::to_owned)
            .to_vec()
    };
    Rival::solving(setting, context, TARGETS.map(solve).to_vec(), None)
}

fn faster(one: Sample, other: Sample) -> Sample {
    if one.wall <= other.wall { one } else { other }
}
