//! JSON: one object a line, for programs.
//!
//! `oci_image_schema::event` has their form.
//!
//! Reads, writes: nothing; it fills a `String`. Unknown here: the daemon's reports.

use std::time::{Duration, SystemTime};

use oci_image_schema::event::{StepEvent, StepLine};

use crate::event::{End, Event, Kind};
use crate::step::Step;
use crate::trace::Trace;
use oci_image_boundary::outside::within_json;

/// Writes an event as a line.
pub(super) fn write(event: &Event, trace: &Trace, out: &mut String) {
    let step = trace.step(event.step);
    let since_epoch = event
        .time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let line = StepLine {
        event: named(&event.kind, trace, step),
        step: step.number.unwrap_or(0),
        time: since_epoch.as_secs_f64(),
    };
    let line = serde_json::to_string(&line).expect("strings and finite numbers are JSON");
    out.push_str(&within_json(line));
    out.push('\n');
}

fn named<'a>(kind: &'a Kind, trace: &'a Trace, step: &'a Step) -> StepEvent<'a> {
    match kind {
        Kind::Started => StepEvent::Started {
            digest: &step.digest,
            name: &step.name,
            targets: trace.targets(step),
        },
        Kind::Progress(progress) => StepEvent::Progress {
            name: &progress.name,
            current: progress.current,
            total: progress.total,
            seconds: progress.elapsed.map(|elapsed| elapsed.as_secs_f64()),
            done: progress.done,
        },
        Kind::Warning(message) => StepEvent::Warning { message },
        Kind::Log {
            stream,
            since_start,
            line,
        } => StepEvent::Log {
            stream: *stream,
            seconds: since_start.as_secs_f64(),
            line,
        },
        Kind::Ended(End::Done(duration)) => StepEvent::Done {
            seconds: Duration::as_secs_f64(duration),
        },
        Kind::Ended(End::Cached) => StepEvent::Cached,
        Kind::Ended(End::Canceled) => StepEvent::Canceled,
        Kind::Ended(End::Interrupted) => StepEvent::Interrupted,
        Kind::Ended(End::Failed(error)) => StepEvent::Failed { error },
    }
}
