//! 300 MB like `/usr` in one layer, which neither side has: the archive alone, and with the root filesystem.

use super::{BY_HAND, rootfs};
use crate::{
    error::BenchError,
    pair::{Comparison, Pair},
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
    let archive = Pair::in_turn(ROUNDS, || product.build_cold(), || rival.build_cold())?;

    let sides = rootfs::Sides::new(setting, &context)?;
    let both = Pair::in_turn(
        ROUNDS,
        || sides.product.forget().and_then(|()| sides.ours()),
        || sides.rival.forget().and_then(|()| sides.theirs()),
    )?;
    setting.clear()?;
    Ok(vec![
        archive.row(
            "300 MB like `/usr` in one layer, cold root, archive",
            BY_HAND,
            0.4,
        ),
        both.row(
            "300 MB like `/usr` in one layer, cold root, archive and root filesystem",
            rootfs::BY_HAND,
            0.25,
        ),
    ])
}
