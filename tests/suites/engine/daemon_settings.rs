//! What the planner knows of buildkitd's settings, and what buildkitd itself reads: the same settings, and for each setting and each
//! kind of value they say the same.
//!
//! The settings are those that the planner allows where it meets one that it does not know. The daemon is given an address that it
//! cannot listen on, so it reads its configuration and ends.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;
use std::thread;

use oci_image_schema::diagnostic::Diagnostic;
use oci_image_tests::engine;
use serde_json::json;

/// A value of each kind; of the texts, one that is a duration and an amount of disk too.
const VALUES: [&str; 11] = [
    "true",
    "1",
    "1.5",
    "'1'",
    "1979-05-27",
    "[]",
    "['a']",
    "[1]",
    "{}",
    "{a = 'b'}",
    "[{}]",
];
/// What buildkitd says of a configuration that it cannot read; whatever else it ends with comes later.
const UNREAD: &str = "failed to parse config";

/// A daemon of another version has others.
#[test]
fn planner_knows_the_settings_that_buildkitd_reads() {
    let mut known = BTreeSet::new();
    for setting in settings() {
        for name in allowed(&format!("{setting} = [{{nothing = 1}}]")) {
            known.insert(format!("{setting}[].'{name}'").to_lowercase());
        }
        known.insert(setting.to_lowercase());
    }

    let list = Command::new(engine::directory().join("settings"))
        .output()
        .unwrap();
    let read: BTreeSet<String> = String::from_utf8(list.stdout)
        .unwrap()
        .lines()
        .map(str::to_lowercase)
        .collect();

    assert!(!read.is_empty());
    let unknown: Vec<_> = read.difference(&known).collect();
    let unread: Vec<_> = known.difference(&read).collect();
    assert_eq!((unknown, unread), (vec![], vec![]));
}

#[test]
fn planner_and_buildkitd_read_the_same_types() {
    let settings = settings();
    assert!(!settings.is_empty());
    let cases: Vec<String> = settings
        .iter()
        .flat_map(|setting| VALUES.map(|value| format!("{setting} = {value}")))
        .collect();

    let disagreements: Vec<String> = thread::scope(|threads| {
        let judges: Vec<_> = cases
            .chunks(cases.len().div_ceil(4))
            .map(|cases| {
                threads.spawn(|| cases.iter().filter_map(|case| disagreement(case)).collect())
            })
            .collect();
        judges
            .into_iter()
            .flat_map(|judge| judge.join().unwrap_or_else(|_| vec!["a panic".to_owned()]))
            .collect()
    });

    assert_eq!(disagreements, Vec::<String>::new());
}

#[test]
fn both_know_a_setting_in_any_case() {
    for config in ["DEBUG = 1", "Worker.Oci.GC = 1", "[REGISTRY.a]\nHttp = 1"] {
        assert_eq!(codes(config), ["setting-type"], "{config}");
        assert!(!is_read(config), "{config}");
    }
}

/// Every setting, with its tables; a table whose names are free has the name `a`.
fn settings() -> Vec<String> {
    let mut tables = vec![String::new()];
    let mut settings = Vec::new();
    while let Some(table) = tables.pop() {
        let names = allowed(&format!("{table}nothing = 1"));
        for name in names {
            let setting = format!("{table}'{name}'");
            settings.push(setting.clone());
            let is_table =
                |inner: &str| !allowed(&format!("{setting}.{inner}nothing = 1")).is_empty();
            if is_table("") {
                tables.push(format!("{setting}."));
            } else if is_table("a.") {
                tables.push(format!("{setting}.a."));
            }
        }
    }
    settings
}

/// The names that the planner offers in place of an unknown one.
fn allowed(config: &str) -> Vec<String> {
    diagnostics(config)
        .into_iter()
        .find(|diagnostic| diagnostic.code == "unknown-config")
        .map(|diagnostic| diagnostic.allowed)
        .unwrap_or_default()
}

fn codes(config: &str) -> Vec<String> {
    diagnostics(config)
        .into_iter()
        .map(|diagnostic| diagnostic.code)
        .collect()
}

fn diagnostics(config: &str) -> Vec<Diagnostic> {
    let object = json!({"context": ".", "output": "image", "buildkit_extra_config": config});
    oci_image_guest::validate(&object.to_string())
}

fn disagreement(config: &str) -> Option<String> {
    let is_sound = !codes(config).contains(&"setting-type".to_owned());
    let is_read = is_read(config);
    (is_sound != is_read).then(|| format!("{config}: planner {is_sound}, daemon {is_read}"))
}

/// Whether buildkitd takes a configuration.
fn is_read(config: &str) -> bool {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("buildkitd.toml");
    fs::write(&file, config).unwrap();
    let ended = Command::new(engine::directory().join("buildkitd"))
        .args([
            "--oci-worker=false",
            "--containerd-worker=false",
            "--addr=none://here",
        ])
        .arg("--config")
        .arg(&file)
        .arg("--root")
        .arg(place.path().join("root"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(said.contains("buildkitd: "), "{config}: {said}");
    !said.contains(UNREAD)
}
