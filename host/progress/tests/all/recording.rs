//! Recordings of real builds: what a daemon reported of one or several solves, a line a report.
//!
//! A recording is the `--progress=rawjson` of `buildctl`, without what nobody shows, and with times as nanoseconds
//! since 1970. `buildctl` shifts all times of a build by a constant; a recording has the daemon's own again.

#![allow(dead_code, reason = "each suite uses its part")]
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use oci_image_buildkit::failure::{LineRange, Source};
use oci_image_buildkit::status::{Status, Vertex, VertexLog, VertexProgress, VertexWarning};
use oci_image_progress::{FailedStep, Mode, Progress};
use serde_json::{Value, json};

/// Reports in the order of their arrival, each with the name of its solve.
pub(crate) type Recording = Vec<(String, Status)>;

/// What a recording is shown as.
pub(crate) struct Shown {
    pub(crate) text: String,
    pub(crate) failed: Vec<FailedStep>,
}

/// Shows a recording from its beginning to its end, without a pause.
pub(crate) fn show(recording: &Recording, mode: Mode) -> Shown {
    let mut progress = Progress::new(mode, Vec::new());
    let mut names: Vec<&str> = recording.iter().map(|(solve, _)| solve.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let solves: Vec<_> = names.iter().map(|name| progress.add_solve(name)).collect();
    for (solve, status) in recording {
        let solve = names
            .binary_search(&solve.as_str())
            .expect("every solve was announced");
        progress.update(solves[solve], status.clone()).unwrap();
    }
    progress.finish().unwrap();
    let failed = progress.failed_steps();
    Shown {
        text: String::from_utf8(progress.into_writer()).unwrap(),
        failed,
    }
}

pub(crate) fn parse(recording: &str) -> Recording {
    recording
        .lines()
        .map(|line| report(&serde_json::from_str(line).unwrap()))
        .collect()
}

fn report(line: &Value) -> (String, Status) {
    let list = |key: &str| line[key].as_array().cloned().unwrap_or_default();
    let status = Status {
        vertices: list("vertexes").iter().map(vertex).collect(),
        progress: list("statuses").iter().map(progress).collect(),
        logs: list("logs").iter().map(log).collect(),
        warnings: list("warnings").iter().map(warning).collect(),
    };
    (text(&line["solve"]), status)
}

fn vertex(value: &Value) -> Vertex {
    Vertex {
        digest: text(&value["digest"]),
        inputs: value["inputs"]
            .as_array()
            .into_iter()
            .flatten()
            .map(text)
            .collect(),
        name: text(&value["name"]),
        cached: value["cached"].as_bool().unwrap_or_default(),
        started: time(&value["started"]),
        completed: time(&value["completed"]),
        error: text(&value["error"]),
    }
}

fn progress(value: &Value) -> VertexProgress {
    VertexProgress {
        id: text(&value["id"]),
        vertex: text(&value["vertex"]),
        name: text(&value["name"]),
        current: value["current"].as_i64().unwrap_or_default(),
        total: value["total"].as_i64().unwrap_or_default(),
        timestamp: time(&value["timestamp"]),
        started: time(&value["started"]),
        completed: time(&value["completed"]),
    }
}

fn log(value: &Value) -> VertexLog {
    VertexLog {
        vertex: text(&value["vertex"]),
        timestamp: time(&value["timestamp"]),
        stream: value["stream"].as_i64().unwrap_or_default(),
        message: Bytes::from(base64(&value["data"])),
    }
}

fn warning(value: &Value) -> VertexWarning {
    let line = |range: &Value, end: &str| range[end]["line"].as_u64().unwrap_or_default() as u32;
    let ranges = value["range"].as_array().into_iter().flatten();
    VertexWarning {
        vertex: text(&value["vertex"]),
        level: value["level"].as_i64().unwrap_or_default(),
        short: String::from_utf8(base64(&value["short"])).unwrap(),
        detail: (value["detail"].as_array().into_iter().flatten())
            .map(|detail| String::from_utf8(base64(detail)).unwrap())
            .collect(),
        url: text(&value["url"]),
        source: value["sourceInfo"].is_object().then(|| Source {
            filename: text(&value["sourceInfo"]["filename"]),
            data: base64(&value["sourceInfo"]["data"]),
            ranges: ranges
                .map(|range| LineRange {
                    start: line(range, "start"),
                    end: line(range, "end"),
                })
                .collect(),
        }),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn time(value: &Value) -> Option<SystemTime> {
    value
        .as_u64()
        .map(|ns| SystemTime::UNIX_EPOCH + Duration::from_nanos(ns))
}

fn base64(value: &Value) -> Vec<u8> {
    BASE64_STANDARD
        .decode(value.as_str().unwrap_or_default())
        .unwrap()
}

/// A report as `buildctl --progress=rawjson` prints it, as a line of a recording. `shift` is what to add to its times.
pub(crate) fn recorded(solve: &str, raw: &str, shift: i64) -> Value {
    let mut report: Value = serde_json::from_str(raw).unwrap();
    shift_times(&mut report, shift);
    if let Some(warnings) = report.get_mut("warnings").and_then(Value::as_array_mut) {
        for warning in warnings {
            let info = &warning["sourceInfo"];
            // The rest is the whole build definition, in every warning.
            warning["sourceInfo"] = json!({ "filename": info["filename"], "data": info["data"] });
        }
    }
    report["solve"] = json!(solve);
    report
}

fn shift_times(value: &mut Value, shift: i64) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| shift_times(item, shift)),
        Value::Object(fields) => {
            for (key, field) in fields {
                match (key.as_str(), &field) {
                    ("started" | "completed" | "timestamp", Value::String(at)) => {
                        *field = json!(nanoseconds(at) + shift);
                    }
                    _ => shift_times(field, shift),
                }
            }
        }
        _ => {}
    }
}

/// `2026-11-23T20:56:26.104095775Z` as nanoseconds since 1970.
pub(crate) fn nanoseconds(at: &str) -> i64 {
    let number = |range: std::ops::Range<usize>| at[range].parse::<i64>().unwrap();
    let (year, month, day) = (number(0..4), number(5..7), number(8..10));
    // Days since 1970 in the Gregorian calendar, with years that begin in March.
    let (y, m) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719_468;
    let seconds = days * 86_400 + number(11..13) * 3600 + number(14..16) * 60 + number(17..19);
    let fraction = at[19..].trim_start_matches('.').trim_end_matches('Z');
    seconds * 1_000_000_000 + format!("{fraction:0<9}").parse::<i64>().unwrap()
}

/// Lines of plain text with the step's name instead of its number, sorted: what does not depend on the order in which
/// steps are shown. Blank lines, headers and `#7 ...` are left out.
pub(crate) fn lines_by_step(text: &str) -> Vec<String> {
    let mut names = std::collections::HashMap::new();
    let mut lines = Vec::new();
    let mut previous = "";
    for line in text.lines().take_while(|line| !line.starts_with("------")) {
        let header = previous.is_empty();
        previous = line;
        let Some((number, rest)) = line.split_once(' ') else {
            continue;
        };
        if !number.starts_with('#') || rest == "..." {
            continue;
        }
        let name = names.entry(number).or_insert(rest);
        if !header {
            lines.push(format!("{name} | {rest}"));
        }
    }
    lines.sort();
    lines
}

/// Asserts that both texts show the same of each step.
pub(crate) fn assert_same_lines(ours: &str, theirs: &str) {
    let (ours_by_step, theirs_by_step) = (lines_without_ignore(ours), lines_without_ignore(theirs));
    assert_eq!(ours_by_step, theirs_by_step, "\n{ours}\n{theirs}");
}

/// As [`lines_by_step`], without a line that `buildctl debug logs` drops, though `buildctl build` shows it: two parts of
/// a build have one name.
pub(crate) fn lines_without_ignore(text: &str) -> Vec<String> {
    let mut lines = lines_by_step(text);
    lines.retain(|line| !line.starts_with("[internal] load .dockerignore | transferring"));
    lines
}
