//! `oci-image` without arguments: what every check of a pipeline's prototype costs, against the cheapest process there is.

use std::process::{Command, Stdio};

use crate::{
    error::BenchError,
    measure,
    pair::{Comparison, Goal, Pair},
    product::Product,
    setting::Setting,
    tree,
};

/// A millisecond is easily disturbed, and cheap to repeat.
const ROUNDS: usize = 201;

pub(super) fn run(setting: &Setting) -> Result<Vec<Comparison>, BenchError> {
    let product = Product::new(setting, &tree::trivial(setting)?)?;
    let log = setting.log("true");
    let nothing = || measure::run(Command::new("/bin/true").stdin(Stdio::null()), &log);
    product.info()?; // from here on, its file is in memory
    let pair = Pair::in_turn(ROUNDS, || product.info(), nothing)?;
    Ok(vec![Comparison {
        what: "info, the whole process",
        against: "`/bin/true`",
        pair,
        goal: Goal::Ratio(3.0),
    }])
}
