//! `unpack_rootfs` of an image of 300 MB that is built already: what the archive and the tree cost.
//!
//! The other side writes the archive and an OCI layout in one solve, and unpacks the layout: it has no shorter way.

use std::path::Path;

use serde_json::json;

use crate::{
    error::BenchError,
    measure::Sample,
    pair::{Comparison, Goal, Pair},
    product::Product,
    rival::Rival,
    setting::Setting,
    tree,
};

const BYTES: usize = 300_000_000;
const FILE: usize = 100_000;
const ROUNDS: usize = 5;

/// Who the other side is.
pub(super) const BY_HAND: &str = "`buildkitd` + `buildctl` + `umoci unpack`";

/// Both sides of an archive and a root filesystem.
pub(super) struct Sides<'setting> {
    setting: &'setting Setting,
    pub(super) product: Product<'setting>,
    pub(super) rival: Rival<'setting>,
}

pub(super) fn run(setting: &Setting) -> Result<Vec<Comparison>, BenchError> {
    let sides = Sides::new(setting, &tree::base(setting, BYTES, FILE)?)?;
    sides.ours()?;
    sides.theirs()?;
    let pair = Pair::in_turn(ROUNDS, || sides.ours(), || sides.theirs())?;
    setting.remove_dir("image")?;
    setting.remove_dir("image-by-hand")?;
    Ok(vec![Comparison {
        what: "archive and root filesystem of 300 MB, warm root",
        against: BY_HAND,
        pair,
        goal: Goal::Ratio(0.6),
    }])
}

impl<'setting> Sides<'setting> {
    /// Prepares both to build this context, with roots that are empty.
    pub(super) fn new(setting: &'setting Setting, context: &Path) -> Result<Self, BenchError> {
        let object = json!({"output": "image", "unpack_rootfs": true});
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
        let solves = vec![solve.map(str::to_owned).to_vec()];
        let afterwards = Some(unpack.map(str::to_owned).to_vec());
        Ok(Self {
            setting,
            product: Product::asking(setting, context, object)?,
            rival: Rival::solving(setting, context, solves, afterwards)?,
        })
    }

    /// Ours, into an empty directory.
    pub(super) fn ours(&self) -> Result<Sample, BenchError> {
        self.setting.fresh_dir("image")?;
        self.product.build()
    }

    /// Theirs, into an empty directory.
    pub(super) fn theirs(&self) -> Result<Sample, BenchError> {
        self.setting.fresh_dir("image-by-hand")?;
        self.rival.build()
    }
}
