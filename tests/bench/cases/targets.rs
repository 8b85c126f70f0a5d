//! Three targets of one Dockerfile: in one request, against one solve after the other.

use serde_json::json;

use super::BY_HAND;
use crate::{
    error::BenchError,
    pair::{Comparison, Goal, Pair},
    product::Product,
    rival::Rival,
    setting::Setting,
    tree,
};

const TARGETS: [&str; 3] = ["one", "two", "three"];
const ROUNDS: usize = 5;

pub(super) fn run(setting: &Setting) -> Result<Vec<Comparison>, BenchError> {
    let context = tree::three_targets(setting)?;
    let [first, others @ ..] = TARGETS;
    for directory in ["image", "two", "three"] {
        setting.fresh_dir(directory)?;
    }
    let object = json!({"output": "image", "target": first, "additional_targets": others});
    let product = Product::asking(setting, &context, object)?;
    let by_hand = setting.fresh_dir("image-by-hand")?;
    let solve = |target: &str| {
        let output = format!("type=docker,dest={}/{target}.tar", by_hand.display());
        ["--opt", &format!("target={target}"), "--output", &output]
            .map(str::to_owned)
            .to_vec()
    };
    let rival = Rival::solving(setting, &context, TARGETS.map(solve).to_vec(), None)?;
    let pair = Pair::in_turn(
        ROUNDS,
        || product.forget().and_then(|()| product.build()),
        || rival.forget().and_then(|()| rival.build()),
    )?;
    Ok(vec![Comparison {
        what: "three targets with a step of 2 s each, cold root",
        against: BY_HAND,
        pair,
        goal: Goal::Ratio(0.45),
    }])
}
