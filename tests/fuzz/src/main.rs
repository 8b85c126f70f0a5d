//! One program for all fuzz targets: `FUZZ_TARGET` names the one that runs, the rest of the command line is libFuzzer's.
//!
//! `make fuzz` builds it with counters of coverage in the code of this workspace and runs each target for a while; built
//! without them it runs too, and finds less. A target is a file with one function that panics where a property is broken, a
//! row in [`TARGETS`], and a few inputs in `corpus/`; what was found goes there as well.
//!
//! - `archive_index`: images by index. `tar_entries`: tar streams, beside another reader. `rootfs`: entries that replace and link.
//! - `ignore`: ignore patterns, beside BuildKit's own matcher.
//! - `masking`: a request without its secrets.
//! - `outside`: texts from outside, as they are shown.
//! - `pairs`: files of arguments and labels, as planner and host read them; `planned` has both.
//! - `registry_routes`: requests to the registry.
//! - `status_events`: reports of a daemon, as they are shown.
//! - `task_file`: the parameters of a task file.
//! - `toml`: the daemon's configuration, beside another writer.
//! - `yaml_places`: YAML as JSON, and where its parts stand.
//! - `yard`: where archives are unpacked, beside what must not change.
#![no_main]

mod archive_index;
mod ignore;
mod masking;
mod outside;
mod pairs;
mod planned;
mod registry_routes;
mod rootfs;
mod status_events;
mod tar_entries;
mod task_file;
mod toml;
mod yaml_places;
mod yard;

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;

/// What tries one input.
type Run = fn(&[u8]);

/// The targets, by the name of their folder in `corpus/`.
const TARGETS: &[(&str, Run)] = &[
    ("archive-index", archive_index::run),
    ("ignore", ignore::run),
    ("masking", masking::run),
    ("outside", outside::run),
    ("pairs", pairs::run),
    ("registry-routes", registry_routes::run),
    ("rootfs", rootfs::run),
    ("status-events", status_events::run),
    ("tar-entries", tar_entries::run),
    ("task-file", task_file::run),
    ("toml", toml::run),
    ("yaml-places", yaml_places::run),
];

/// What runs: decided with the first input, because libFuzzer owns `main`.
static TARGET: OnceLock<Run> = OnceLock::new();

fuzz_target!(|bytes: &[u8]| TARGET.get_or_init(chosen)(bytes));

fn chosen() -> Run {
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
