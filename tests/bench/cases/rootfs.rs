//! `unpack_rootfs` of an image of 300 MB that is built already: what the archive and the tree cost.
//!
//! The other side writes the archive and an OCI layout in one solve, and unpacks the layout: it has no shorter way.

use serde_json::json;

use crate::{
    error::BenchError,
    pair::{Comparison, Goal, Pair},
    product::Product,
    rival::Rival,
    setting::Setting,
    tree,
};

const BYTES: usize = 300_000_000;
const FILE: usize = 100_000;
const ROUNDS: usize = 5;

pub(super) fn run(setting: &Setting) -> Result<Vec<Comparison>, BenchError> {
    let context = tree::base(setting, BYTES, FILE)?;
    let object = json!({"output": "image", "unpack_rootfs": true});
    let product = Product::asking(setting, &context, object)?;
    let by_hand = setting.fresh_dir("image-by-hand")?;
    let (layout, bundle) = (by_hand.join("layout"), by_hand.join("bundle"));
    let solve = [
        "--output",
        &format!("type=docker,dest={}/image.tar", by_hand.display()),
        "--output",
        &format!("type=oci,tar=false,name=latest,dest={}", layout.display()),
    ];
    let unpack = [
        "umoci",
        "unpack",
        "--image",
        &format!("{}:latest", layout.display()),
        &bundle.display().to_string(),
    ];
    let rival = Rival::solving(
        setting,
        &context,
        vec![solve.map(str::to_owned).to_vec()],
        Some(unpack.map(str::to_owned).to_vec()),
    )?;
    let ours = || {
        setting.fresh_dir("image")?;
        product.build()
    };
    let theirs = || {
        setting.fresh_dir("image-by-hand")?;
        rival.build()
    };
    ours()?;
    theirs()?;
    let pair = Pair::in_turn(ROUNDS, ours, theirs)?;
    setting.remove_dir("image")?;
    setting.remove_dir("image-by-hand")?;
    Ok(vec![Comparison {
        what: "archive and root filesystem of 300 MB, warm root",
        against: "`buildkitd` + `buildctl` + `umoci unpack`",
        pair,
        goal: Goal::Ratio(0.6),
    }])
}
