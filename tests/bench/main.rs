//! `make bench`: `oci-image` against doing the same by hand, in one run, as ratios.
//!
//! Both sides of a comparison run in turn (ours, theirs, ours, theirs), so that whatever else the machine does meets both;
//! a ratio is of medians. A Markdown table goes to standard output, every single figure to `target/bench/*.json`.
//! A goal that is missed is marked in the table and is no failure of the run: time is not tested, it is reported.
//!
//! In reading order:
//!
//! - [`cases`]: what is compared, a module a case.
//! - [`pair`]: two sides, measured in turn, and their medians.
//! - [`figure`]: what is measured by itself.
//! - [`measure`]: one process, or several, from start to end: time and memory.
//! - [`product`]: our side of a build.
//! - [`rival`]: the other side: `buildkitd` and `buildctl` by hand.
//! - [`distance`]: a daemon that is far away.
//! - [`tree`]: the contexts that are built; [`content`]: what is in their files.
//! - [`setting`]: where programs, trees and figures are.
//! - [`report`]: the table and the files.
//! - [`error`]: what can go wrong on the way.

mod cases;
mod content;
mod distance;
mod error;
mod figure;
mod measure;
mod pair;
mod product;
mod report;
mod rival;
mod setting;
mod tree;

use std::{error::Error, process::ExitCode};

use crate::{cases::Case, error::BenchError, setting::Setting};

fn main() -> ExitCode {
    let names: Vec<String> = std::env::args().skip(1).collect();
    match bench(&names) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: error: {error}");
            for cause in std::iter::successors(error.source(), |&cause| cause.source()) {
                eprintln!("  caused by: {cause}");
            }
            ExitCode::FAILURE
        }
    }
}

/// Runs the cases of these names (of no name: all), and reports each as soon as it is measured.
fn bench(names: &[String]) -> Result<(), BenchError> {
    let selected = select(names)?;
    let setting = Setting::find()?;
    let mut rows = Vec::new();
    for case in selected {
        eprintln!("bench: {}", case.name);
        let measured = (case.run)(&setting)?;
        report::save(&setting, case.name, &measured)?;
        rows.extend(measured);
    }
    setting.empty_aside()?;
    report::print(&rows);
    Ok(())
}

fn select(names: &[String]) -> Result<Vec<&'static Case>, BenchError> {
    if names.is_empty() {
        return Ok(cases::ALL.iter().collect());
    }
    names
        .iter()
        .map(|name| {
            cases::ALL
                .iter()
                .find(|case| case.name == name)
                .ok_or_else(|| BenchError::UnknownCase { name: name.clone() })
        })
        .collect()
}
