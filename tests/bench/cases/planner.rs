//! The planner in each of its hosts: how soon it is ready, how long a plan takes once it is warm, how large it is.
//!
//! Each host measures itself, within its process, and prints a JSON line a figure; what is measured alike has the same name.

use std::{collections::BTreeMap, env, fs, path::Path, process::Command, time::Duration};

use oci_image_packages::{package::Package, place::component};
use oci_image_tests::engine::checkout;
use serde::Deserialize;

use crate::{
    error::BenchError,
    figure::{Amount, Figure},
    measure,
    setting::Setting,
};

/// A line that a host prints: a time, or a size.
#[derive(Deserialize)]
struct Line {
    host: String,
    what: String,
    median_ms: Option<f64>,
    gzip_bytes: Option<u64>,
}

/// The most that a host's figure should be.
const GOALS: [(&str, &str, Amount); 4] = [
    ("rust", "plan", Amount::Time(Duration::from_micros(50))),
    ("python", "plan", Amount::Time(Duration::from_millis(1))),
    ("node", "plan", Amount::Time(Duration::from_millis(1))),
    ("browser", "all files, gzip", Amount::Size(1 << 20)),
];

pub(super) fn run(setting: &Setting) -> Result<Vec<Figure>, BenchError> {
    let directory = setting.fresh_dir("planned")?;
    let dockerfile = directory.join("Dockerfile");
    fs::write(&dockerfile, "FROM scratch AS test\n")
        .map_err(BenchError::file("write", &dockerfile))?;
    setting.fresh_dir("planned/image")?;
    let size = fs::metadata(component())
        .map_err(BenchError::file("look at", component()))?
        .len();
    let mut figures = vec![Figure {
        what: "the planner's component".to_owned(),
        amount: Amount::Size(size),
        goal: None,
    }];
    for printed in [
        rust(setting)?,
        python(&directory),
        node(&directory),
        browser(),
    ] {
        figures.extend(read(&printed)?);
    }
    Ok(figures)
}

/// `host/benches/planner.rs`, compiled as the product is.
fn rust(setting: &Setting) -> Result<String, BenchError> {
    let flags = env::var("PRODUCT_FLAGS").unwrap_or_default();
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .args(["bench", "--locked", "--quiet"])
        .args(["--package", "oci-image", "--bench", "planner"])
        .args(flags.split_whitespace())
        .current_dir(checkout());
    let log = setting.log("planner");
    let (_, child) = measure::start(&mut cargo, &log)?;
    measure::wait(child, &cargo, &log)?;
    log.text()
}

fn python(directory: &Path) -> String {
    let arguments = [Path::new("bench.py"), &component(), directory];
    Package::python().output("venv/bin/python", &arguments)
}

fn node(directory: &Path) -> String {
    Package::node().output("node", &[Path::new("bench.js"), directory])
}

fn browser() -> String {
    let package = Package::browser();
    let folder = package.playground();
    package.output("node", &[Path::new("bench.js"), &folder])
}

/// The figures of the lines that a host printed; the sizes of several files are one figure.
fn read(printed: &str) -> Result<Vec<Figure>, BenchError> {
    let mut figures = Vec::new();
    let mut sizes = BTreeMap::<String, u64>::new();
    // A compiler may have said something before.
    for line in printed.lines().filter(|line| line.starts_with('{')) {
        let line: Line = serde_json::from_str(line).map_err(|source| BenchError::Line {
            line: line.to_owned(),
            source,
        })?;
        if let Some(milliseconds) = line.median_ms {
            let time = Duration::from_secs_f64(milliseconds / 1e3);
            figures.push(figure(&line.host, &line.what, Amount::Time(time)));
        }
        if let Some(bytes) = line.gzip_bytes {
            *sizes.entry(line.host).or_default() += bytes;
        }
    }
    let sizes = sizes
        .into_iter()
        .map(|(host, bytes)| figure(&host, "all files, gzip", Amount::Size(bytes)));
    figures.extend(sizes);
    Ok(figures)
}

fn figure(host: &str, what: &str, amount: Amount) -> Figure {
    let goal = GOALS
        .iter()
        .find(|goal| (goal.0, goal.1) == (host, what))
        .map(|goal| goal.2);
    Figure {
        what: format!("the planner in {host}: {what}"),
        amount,
        goal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_host_become_figures_and_files_one_size() {
        let printed = "warning: something\n\
            {\"host\": \"browser\", \"what\": \"a.js\", \"bytes\": 9, \"gzip_bytes\": 3}\n\
            {\"host\": \"browser\", \"what\": \"b.wasm\", \"bytes\": 9, \"gzip_bytes\": 4}\n\
            {\"host\": \"python\", \"what\": \"plan\", \"median_ms\": 1.5, \"p90_ms\": 2}\n";

        let figures = read(printed).unwrap();

        let [plan, size] = figures.try_into().unwrap();
        assert_eq!(plan.what, "the planner in python: plan");
        assert_eq!(plan.amount, Amount::Time(Duration::from_micros(1500)));
        assert_eq!(plan.is_met(), Some(false));
        assert_eq!(size.amount, Amount::Size(7));
        assert_eq!(size.is_met(), Some(true));
    }
}
