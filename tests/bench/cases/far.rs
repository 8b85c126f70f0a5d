//! A builder that is 20 ms away and 20 ms back again: a warm build of many small files, of which nothing has changed, or one.
//!
//! The daemon runs all the time, as builders do, and both sides build on it: ours by `--builder`, the other by `buildctl --addr` with its
//! `--local`. What goes over the wire is counted.

use std::{cell::Cell, time::Duration};

use crate::{
    distance::Distance,
    error::BenchError,
    figure::{Amount, Figure, Row},
    measure::Sample,
    pair::Pair,
    product::Product,
    rival::Rival,
    setting::Setting,
    tree,
};

const FILES: usize = 30_000;
const ROUNDS: usize = 5;
/// One way.
const DELAY: Duration = Duration::from_millis(20);
const AGAINST: &str = "`buildctl` on the same builder";

pub(super) fn run(setting: &Setting) -> Result<Vec<Row>, BenchError> {
    let context = tree::small_files(setting, FILES)?;
    let product = Product::new(setting, &context)?;
    let rival = Rival::new(setting, &context)?;
    let standing = rival.stand()?;
    let distance = Distance::to(&standing.socket(), DELAY)?;
    let (ours, theirs) = (Cell::new(0), Cell::new(0));
    let counted = |bytes: &Cell<u64>, build: &dyn Fn() -> Result<Sample, BenchError>| {
        let sample = build();
        bytes.set(distance.take_carried());
        sample
    };
    let ours_is_built = || counted(&ours, &|| product.build_on(&distance.address()));
    let theirs_is_built = || counted(&theirs, &|| rival.build_on(&distance.address()));
    ours_is_built()?;
    theirs_is_built()?;

    let unchanged = Pair::in_turn(ROUNDS, ours_is_built, theirs_is_built)?;
    let mut rows = vec![Row::Compared(unchanged.row(
        "30,000 small files, a builder 20 ms away, nothing changed",
        AGAINST,
        0.3,
    ))];
    rows.extend(wire("nothing changed", ours.get(), theirs.get()));
    let changes = Cell::new(0);
    let change = || tree::change(&context, changes.replace(changes.get() + 1));
    let changed = Pair::in_turn(
        ROUNDS,
        || change().and_then(|()| ours_is_built()),
        || change().and_then(|()| theirs_is_built()),
    );
    tree::restore(&context)?;
    rows.push(Row::Compared(changed?.row(
        "30,000 small files, a builder 20 ms away, one changed",
        AGAINST,
        1.0,
    )));
    rows.extend(wire("one changed", ours.get(), theirs.get()));
    standing.end()?;
    Ok(rows)
}

/// What went over the wire in the last build of each side.
fn wire(what: &str, ours: u64, theirs: u64) -> [Row; 2] {
    [("ours", ours), ("`buildctl`", theirs)].map(|(who, bytes)| {
        Row::Alone(Figure {
            what: format!("bytes to and from a builder far away, {what}: {who}"),
            amount: Amount::Size(bytes),
            goal: None,
        })
    })
}
