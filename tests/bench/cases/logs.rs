//! A step that prints a million lines at full speed: what it costs to show them, in each way, against not showing them.

use crate::{
    error::BenchError,
    pair::{Comparison, Pair},
    product::Product,
    setting::Setting,
    tree,
};

const ROUNDS: usize = 5;
const AGAINST: &str = "`--progress quiet`";

pub(super) fn run(setting: &Setting) -> Result<Vec<Comparison>, BenchError> {
    let context = tree::million_lines(setting)?;
    let product = Product::new(setting, &context)?;
    let shown = |face| {
        Pair::in_turn(
            ROUNDS,
            || product.build_showing(face),
            || product.build_showing("quiet"),
        )
    };
    let (plain, json, live) = (shown("plain")?, shown("json")?, shown("tty")?);
    setting.clear()?;
    Ok(vec![
        plain.row(
            "a step that prints 1,000,000 lines at full speed, as plain text into a file",
            AGAINST,
            1.15,
        ),
        json.row("the same as events", AGAINST, 1.15),
        live.row("the same on a terminal that is read", AGAINST, 1.15),
    ])
}
