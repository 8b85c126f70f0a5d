//! Figures of the planner in this host, one JSON line each, as the hosts of `tests/hosts` give theirs: how long it takes to be
//! ready, and to plan once warm. `make bench ONLY=planner` prints them beside those.

use std::error::Error;
use std::fs;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use oci_image_boundary::handle::WorkingDirectory;
use oci_image_planner::{Planner, mask};
use serde_json::json;

const OBJECT: &str = r#"{"context": ".", "output": "image", "build_args": ["A=1", "B=2"], "target": "test", "labels": ["a=b"]}"#;
const TIMES: usize = 5000;

fn main() -> Result<(), Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    fs::write(
        directory.path().join("Dockerfile"),
        "FROM scratch AS test\n",
    )?;
    fs::create_dir(directory.path().join("image"))?;
    let directory = WorkingDirectory::open(directory.path())?;
    let plan = |planner: &Planner| -> Result<(), Box<dyn Error>> {
        // The object has no defect.
        planner.plan(&mask(OBJECT), &directory)?;
        Ok(())
    };
    // Once only: it stays loaded as long as the program.
    report(
        "load, first plan",
        &mut measured(1, || plan(&Planner::load()?))?,
    );
    let planner = Planner::load()?;
    report(
        "plan, memory mapped anew",
        &mut measured(TIMES, || plan(&planner))?,
    );
    report(
        "load with a pool, first plan",
        &mut measured(20, || plan(&Planner::pooled(NonZeroU32::MIN)?))?,
    );
    let planner = Planner::pooled(NonZeroU32::MIN)?;
    report("plan", &mut measured(TIMES, || plan(&planner))?);
    let validate = || -> Result<(), Box<dyn Error>> {
        planner.validate(&mask(OBJECT))?;
        Ok(())
    };
    report("validate", &mut measured(TIMES, validate)?);
    Ok(())
}

fn measured(
    times: usize,
    act: impl Fn() -> Result<(), Box<dyn Error>>,
) -> Result<Vec<Duration>, Box<dyn Error>> {
    let timed = |_| {
        let begun = Instant::now();
        act().map(|()| begun.elapsed())
    };
    (0..times).map(timed).collect()
}

/// Prints median and 90th percentile in milliseconds.
#[expect(
    clippy::print_stdout,
    reason = "the figures are what the program is for"
)]
fn report(what: &str, taken: &mut [Duration]) {
    taken.sort_unstable();
    let at = |tenths: usize| {
        let microseconds = taken[taken.len() * tenths / 10].as_secs_f64() * 1e6;
        microseconds.round() / 1e3
    };
    let line = json!({"host": "rust", "what": what, "median_ms": at(5), "p90_ms": at(9)});
    println!("{line}");
}
