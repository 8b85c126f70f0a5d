//! A row of the timeline: a step's name, its bar and its time; and, folded, all that is known of it.
//!
//! Reads, writes: nothing. Unknown here: other rows.

use maud::{Markup, html};
use oci_image_progress::amount;
use oci_image_progress::record::{BuildRecord, RecordedStep, StepEnd, Transfer};

use crate::axis::Axis;
use crate::bar::bar;
use crate::figure::{done, time};
use crate::log::{lines, log};
use crate::text::{clipped, parts, visible};

/// What is shown of a name on its row, in characters; folded in, all of it is.
const LONGEST_NAME: usize = 200;
/// How many transfers are listed.
const MOST_LISTED: usize = 30;

/// What a row is made of.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    pub(crate) axis: Axis,
    pub(crate) record: &'a BuildRecord,
    pub(crate) step: &'a RecordedStep,
    /// The end waited for it.
    pub(crate) is_slow: bool,
    /// The line of the Dockerfile that it is.
    pub(crate) line: Option<usize>,
}

impl Row<'_> {
    pub(crate) fn html(&self) -> Markup {
        let Self { step, is_slow, .. } = *self;
        let has_failed = matches!(step.end, Some(StepEnd::Failed(_)));
        let (place, name) = parts(&step.name);
        html! {
            li.step.(kind(step)).slow[is_slow] {
                details id={ "step-" (step.number) } open[has_failed] {
                    summary {
                        span.name {
                            span.number { "#" (step.number) " " }
                            @if let Some(place) = place { span.place { (visible(place)) " " } }
                            code { (clipped(name, LONGEST_NAME)) }
                            @if is_slow { span.hidden { ", on the slow path" } }
                        }
                        (bar(self.axis, self.record, step))
                        span.time {
                            @if let Some(bytes) = moved(step) { span.bytes { (bytes) " " } }
                            (spent(step))
                        }
                    }
                    div.inside { (self.inside()) }
                }
            }
        }
    }

    fn inside(&self) -> Markup {
        let Self {
            step, record, axis, ..
        } = *self;
        let targets: Vec<_> = (step.targets.iter())
            .filter_map(|target| record.targets.get(*target))
            .map(|target| visible(target))
            .collect();
        html! {
            @if step.name.chars().count() > LONGEST_NAME {
                p.whole { code { (visible(&step.name)) } }
            }
            p.facts {
                @if let Some(start) = step.start() { "began at " (time(axis.since_start(start))) ", " }
                (ending(step))
                @if step.runs.len() > 1 { ", in " (step.runs.len()) " runs" }
                @if let Some(line) = self.line {
                    ", " a href={ "#line-" (line) } { "line " (line) " of the Dockerfile" }
                }
                @if record.targets.len() > 1 && !targets.is_empty() { ", for " (targets.join(", ")) }
                @if step.log.seen() > 0 { ", " (lines(step.log.seen())) " of log" }
            }
            @if let Some(StepEnd::Failed(error)) = &step.end {
                p.error { (visible(error)) }
            }
            @for warning in &step.warnings {
                p.warned { "warning: " (visible(warning)) }
            }
            (transfers(step))
            (log(&step.log, &format!("step {}", step.number)))
        }
    }
}

/// How a step is drawn.
pub(crate) fn kind(step: &RecordedStep) -> &'static str {
    match &step.end {
        Some(StepEnd::Failed(_)) => "failed",
        Some(StepEnd::Cached) => "cached",
        Some(StepEnd::Canceled) => "canceled",
        Some(StepEnd::Interrupted) | None => "interrupted",
        Some(StepEnd::Done) if step.is_own() => "own",
        Some(StepEnd::Done) => "done",
    }
}

/// `4.2s`, `cached`, `failed 4.2s`: what stands beside a step, in few letters.
pub(crate) fn spent(step: &RecordedStep) -> String {
    let took = time(step.duration);
    match &step.end {
        Some(StepEnd::Cached) => "cached".to_owned(),
        Some(StepEnd::Done) => took,
        Some(StepEnd::Failed(_)) => format!("failed {took}"),
        Some(StepEnd::Canceled) => format!("canceled {took}"),
        Some(StepEnd::Interrupted) | None => format!("stopped {took}"),
    }
}

/// How much came or went in a step that ended well: what counts.
fn moved(step: &RecordedStep) -> Option<String> {
    let counted = step
        .transfers
        .iter()
        .map(|transfer| transfer.current.max(0));
    let bytes = counted.fold(0_i64, i64::saturating_add);
    (step.end == Some(StepEnd::Done) && bytes > 0).then(|| amount::bytes(bytes))
}

fn ending(step: &RecordedStep) -> String {
    let took = time(step.duration);
    match &step.end {
        Some(StepEnd::Cached) => "its result was there already".to_owned(),
        Some(StepEnd::Done) => format!("took {took}"),
        Some(StepEnd::Failed(_)) => format!("failed after {took}"),
        Some(StepEnd::Canceled) => format!("was canceled after {took}"),
        Some(StepEnd::Interrupted) | None => {
            format!("was running when the build ended, for {took}")
        }
    }
}

fn transfers(step: &RecordedStep) -> Markup {
    let told = |transfer: &&Transfer| {
        // What was done at once and counts nothing says nothing.
        done(transfer).is_some()
            || transfer
                .elapsed
                .is_some_and(|elapsed| elapsed.as_millis() >= 100)
    };
    let listed: Vec<&Transfer> = step.transfers.iter().filter(told).collect();
    html! {
        @if !listed.is_empty() {
            table.transfers {
                caption { span.hidden { "what came and went in step " (step.number) } }
                thead { tr { th scope="col" { span.hidden { "what" } } th scope="col" { span.hidden { "how much" } } th scope="col" { span.hidden { "for how long" } } } }
                tbody {
                    @for transfer in listed.iter().take(MOST_LISTED) {
                        tr {
                            th scope="row" { (clipped(&transfer.name, LONGEST_NAME)) }
                            td { (done(transfer).unwrap_or_default()) }
                            td {
                                (transfer.elapsed.map(time).unwrap_or_default())
                                @if !transfer.done { ", not finished" }
                            }
                        }
                    }
                }
            }
            @if listed.len() > MOST_LISTED { p.gap { "and " (listed.len() - MOST_LISTED) " more" } }
        }
    }
}
