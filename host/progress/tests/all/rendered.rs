//! Recordings of real builds, shown: compared as a whole with the text that was reviewed.
//!
//! Each directory below `tests/fixtures` holds a build (`Dockerfile`), what the daemon reported of it
//! (`reports.jsonl`), what `buildctl --progress=plain` printed for the same reports (`buildctl.txt`, where one solve
//! was recorded), and what we print (`plain.txt`, `events.jsonl`). `BLESS=1` writes the last two;
//! `tests/suites/engine/progress_engine.rs` records the others.

use std::fs;
use std::path::{Path, PathBuf};

use crate::recording::{
    Recording, assert_same_lines, lines_by_step, lines_without_ignore, parse, show,
};
use bytes::Bytes;
use oci_image_buildkit::status::Status;
use oci_image_progress::Mode;

const CASES: [&str; 7] = [
    "hello",
    "cached",
    "fails",
    "noisy",
    "warns",
    "targets",
    "targets_fail",
];

/// Where the recordings are.
fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn recording(case: &str) -> Recording {
    parse(&fs::read_to_string(fixtures().join(case).join("reports.jsonl")).unwrap())
}

/// Compares with a fixture, or writes it if `BLESS=1` says so.
fn assert_fixture(name: &str, actual: &str) {
    let path = fixtures().join(name);
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, actual).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(expected == actual, "{} differs:\n{actual}", path.display());
}

#[test]
fn each_recording_is_shown_as_reviewed() {
    for case in CASES {
        let recording = recording(case);

        assert_fixture(
            &format!("{case}/plain.txt"),
            &show(&recording, Mode::Plain).text,
        );
        assert_fixture(
            &format!("{case}/events.jsonl"),
            &show(&recording, Mode::Json).text,
        );
    }
}

#[test]
fn each_directory_of_fixtures_is_a_case() {
    let mut directories: Vec<_> = fs::read_dir(fixtures())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    directories.sort();
    let mut cases = CASES.to_vec();
    cases.sort_unstable();

    assert_eq!(directories, cases);
}

#[test]
fn the_same_lines_are_shown_as_buildctl_shows() {
    for case in ["hello", "cached", "fails", "warns"] {
        let theirs = fs::read_to_string(fixtures().join(case).join("buildctl.txt")).unwrap();
        let ours = show(&recording(case), Mode::Plain).text;

        assert_same_lines(&ours, &theirs);
    }
}

#[test]
fn output_that_is_not_plain_text_differs_from_buildctl_in_the_odd_lines_only() {
    let theirs = fs::read(fixtures().join("noisy/buildctl.txt")).unwrap();
    let theirs = lines_without_ignore(&String::from_utf8_lossy(&theirs));
    let ours = lines_without_ignore(&show(&recording("noisy"), Mode::Plain).text);

    let odd: Vec<&String> = theirs.iter().filter(|line| !ours.contains(line)).collect();
    assert_eq!(ours.len(), theirs.len());
    assert!(
        odd.iter()
            .all(|line| line.contains(|c: char| c.is_control() || c == '\u{fffd}')),
        "{odd:#?}"
    );
    assert_eq!(odd.len(), 6, "{odd:#?}");
}

#[test]
fn reports_cut_anywhere_show_the_same_text() {
    for case in CASES {
        let recording = recording(case);
        let whole = show(&recording, Mode::Plain).text;

        for size in [1, 2, 3, 7] {
            let cut: Recording = recording
                .iter()
                .map(|(solve, status)| (solve.clone(), cut_logs(status, size)))
                .collect();
            assert_eq!(
                show(&cut, Mode::Plain).text,
                whole,
                "{case}, cut to {size} bytes"
            );
        }
    }
}

/// The same report with every log message cut into pieces of `size` bytes.
fn cut_logs(status: &Status, size: usize) -> Status {
    let mut logs = Vec::new();
    for log in &status.logs {
        for piece in log.message.chunks(size) {
            let mut log = log.clone();
            log.message = Bytes::copy_from_slice(piece);
            logs.push(log);
        }
    }
    Status {
        logs,
        ..status.clone()
    }
}

#[test]
fn a_report_that_comes_twice_is_shown_once() {
    for case in ["hello", "fails", "warns"] {
        let once = recording(case);
        let solves = ["one", "other"];
        let both: Recording = once
            .iter()
            .flat_map(|(_, status)| solves.map(|solve| (solve.to_owned(), status.clone())))
            .collect();

        let shown = show(&both, Mode::Plain).text;

        let expected = lines_by_step(&show(&once, Mode::Plain).text);
        let mut named: Vec<String> = lines_by_step(&shown)
            .iter()
            .map(|line| {
                let line = line
                    .strip_prefix("one, other: ")
                    .or_else(|| line.strip_prefix("one: "));
                line.unwrap_or_default().to_owned()
            })
            .collect();
        named.sort();
        assert_eq!(named, expected, "{case}");
    }
}

#[test]
fn the_failed_step_keeps_the_end_of_its_log_and_no_other_does() {
    let failed = show(&recording("fails"), Mode::Plain).failed;

    assert_eq!(failed.len(), 1);
    assert_eq!((failed[0].tail.len(), failed[0].lines), (26, 26));
    assert!(
        failed[0].name.starts_with("[build 1/1] RUN sleep 1;"),
        "{}",
        failed[0].name
    );
    assert!(
        failed[0]
            .tail
            .contains(&"make: *** [all] Error 7".to_owned())
    );
    assert!(show(&recording("hello"), Mode::Plain).failed.is_empty());
}
