//! 300 MB like `/usr` in one layer, which neither side has: the archive alone, and with the root filesystem.

use super::{BY_HAND, rootfs};
use crate::{
    error::BenchError,
    pair::{Comparison, Goal, Pair},
    product::Product,
    rival::Rival,
    setting::Setting,
    tree,
};

const BYTES: usize = 300_000_000;
const ROUNDS: usize = 3;

pub(super) fn run(setting: &Setting) -> Result<Vec<Comparison>, BenchError> {
    let context = tree::programs(setting, BYTES)?;
    tree::change(&context, 0)?;
    let (product, rival) = (
        Product::new(setting, &context)?,
        Rival::new(setting, &context)?,
    );
    let archive = Pair::in_turn(
        ROUNDS,
        || product.forget().and_then(|()| product.build()),
        || rival.forget().and_then(|()| rival.build()),
    )?;

    let sides = rootfs::Sides::new(setting, &context)?;
    let both = Pair::in_turn(
        ROUNDS,
        || sides.product.forget().and_then(|()| sides.ours()),
        || sides.rival.forget().and_then(|()| sides.theirs()),
    )?;
    for directory in ["root-ours", "root-by-hand", "image", "image-by-hand"] {
        setting.remove_dir(directory)?;
    }
    Ok(vec![
        Comparison {
            what: "300 MB like `/usr` in one layer, cold root, archive",
            against: BY_HAND,
            pair: archive,
            goal: Goal::Ratio(0.4),
        },
        Comparison {
            what: "300 MB like `/usr` in one layer, cold root, archive and root filesystem",
            against: rootfs::BY_HAND,
            pair: both,
            goal: Goal::Ratio(0.25),
        },
    ])
}
