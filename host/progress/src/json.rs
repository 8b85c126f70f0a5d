//! JSON: one object a line, for programs.
//!
//! | `event` | further keys |
//! | --- | --- |
//! | `started` | `digest`, `name`, `targets` (which need the step, so far as known) |
//! | `progress` | `name`, `current`, `total` (0 where unknown), `seconds` (elapsed, or null), `done` |
//! | `warning` | `message` |
//! | `log` | `stream` (1 standard output, 2 standard error), `seconds` (since the step's start), `line` |
//! | `done` | `seconds` (the step ran for so long in all) |
//! | `cached`, `canceled`, `interrupted` | |
//! | `failed` | `error` |
//! | `daemon` | `line` (of the daemon's own log, with `debug`) |
//!
//! Every object but `daemon` has `step`, the number that plain text shows as `#7`, and `time`, in seconds since 1970-01-01 UTC by
//! the daemon's clock. A step that restarts can end more than once: the last end counts.
//!
//! Reads, writes: nothing; it fills a `String`. Unknown here: the daemon's reports.

use std::time::{Duration, SystemTime};

use serde::Serialize;

use crate::event::{End, Event, Kind};
use crate::step::Step;
use crate::trace::Trace;
use oci_image_boundary::outside::within_json;

/// One line.
#[derive(Serialize)]
struct Object<'a> {
    #[serde(flatten)]
    event: Named<'a>,
    step: u32,
    time: f64,
}

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Named<'a> {
    Started {
        digest: &'a str,
        name: &'a str,
        targets: Vec<&'a str>,
    },
    Progress {
        name: &'a str,
        current: i64,
        total: i64,
        seconds: Option<f64>,
        done: bool,
    },
    Warning {
        message: &'a str,
    },
    Log {
        stream: i64,
        seconds: f64,
        line: &'a str,
    },
    Done {
        seconds: f64,
    },
    Cached,
    Canceled,
    Interrupted,
    Failed {
        error: &'a str,
    },
}

/// Writes an event as a line.
pub(super) fn write(event: &Event, trace: &Trace, out: &mut String) {
    let step = trace.step(event.step);
    let since_epoch = event
        .time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let object = Object {
        event: named(&event.kind, trace, step),
        step: step.number.unwrap_or(0),
        time: since_epoch.as_secs_f64(),
    };
    let line = serde_json::to_string(&object).expect("strings and finite numbers are JSON");
    out.push_str(&within_json(line));
    out.push('\n');
}

fn named<'a>(kind: &'a Kind, trace: &'a Trace, step: &'a Step) -> Named<'a> {
    match kind {
        Kind::Started => Named::Started {
            digest: &step.digest,
            name: &step.name,
            targets: trace.targets(step),
        },
        Kind::Progress(progress) => Named::Progress {
            name: &progress.name,
            current: progress.current,
            total: progress.total,
            seconds: progress.elapsed.map(|elapsed| elapsed.as_secs_f64()),
            done: progress.done,
        },
        Kind::Warning(message) => Named::Warning { message },
        Kind::Log {
            stream,
            since_start,
            line,
        } => Named::Log {
            stream: *stream,
            seconds: since_start.as_secs_f64(),
            line,
        },
        Kind::Ended(End::Done(duration)) => Named::Done {
            seconds: Duration::as_secs_f64(duration),
        },
        Kind::Ended(End::Cached) => Named::Cached,
        Kind::Ended(End::Canceled) => Named::Canceled,
        Kind::Ended(End::Interrupted) => Named::Interrupted,
        Kind::Ended(End::Failed(error)) => Named::Failed { error },
    }
}
