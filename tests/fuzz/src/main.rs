//! One program for all fuzz targets: `FUZZ_TARGET` names the one that runs, the rest of the command line is libFuzzer's.
//!
//! `make fuzz` builds it with counters of coverage in the code of this workspace and runs each target for a while; built
//! without them it runs too, and finds less. A target is a file with one function that panics where a property is broken, a
//! row in [`TARGETS`], and a few inputs in `corpus/`; what was found goes there as well.
//!
//! - `outside`: texts from outside, as they are shown.
//! - `status_events`: reports of a daemon, as they are shown.
#![no_main]

mod outside;
mod status_events;

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;

/// The targets, by the name of their folder in `corpus/`.
const TARGETS: &[(&str, fn(&[u8]))] = &[
    ("outside", outside::run),
    ("status-events", status_events::run),
];

/// What runs: decided with the first input, because libFuzzer owns `main`.
static TARGET: OnceLock<fn(&[u8])> = OnceLock::new();

fuzz_target!(|bytes: &[u8]| TARGET.get_or_init(chosen)(bytes));

fn chosen() -> fn(&[u8]) {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    let names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    let target = TARGETS.iter().find(|(target, _)| *target == name);
    let (_, run) = target.unwrap_or_else(|| {
        panic!(
            "FUZZ_TARGET is `{name}`; the targets are {}",
            names.join(", ")
        )
    });
    *run
}
