//! The bar of a step: when it ran, and what came and went in it.
//!
//! Places are attributes of the drawing, not styles, so that the page can forbid styles that are not its own.
//!
//! Reads, writes: nothing. Unknown here: what stands beside it.

use maud::{Markup, html};
use oci_image_progress::record::{BuildRecord, RecordedStep, StepEnd, StepRun};

use crate::axis::Axis;

/// How many runs and transfers are drawn of a step.
const MOST_DRAWN: usize = 40;

/// Draws a step.
pub(crate) fn bar(axis: Axis, record: &BuildRecord, step: &RecordedStep) -> Markup {
    let is_cached = step.end == Some(StepEnd::Cached);
    let end = |run: &StepRun| run.end.or(record.newest).unwrap_or(run.start);
    html! {
        svg.bar aria-hidden="true" focusable="false" {
            @for mark in axis.marks() {
                line.grid x1=(mark.percent) x2=(mark.percent) y1="0" y2="100%" {}
            }
            @if is_cached {
                @if let Some(start) = step.start() {
                    circle.hit cx=(axis.percent(start)) cy="50%" r="4" {}
                }
            } @else {
                @for run in step.runs.iter().take(MOST_DRAWN) {
                    rect.run x=(axis.percent(run.start)) y="25%" width=(axis.width(run.start, end(run))) height="50%" {}
                }
                @for transfer in step.transfers.iter().take(MOST_DRAWN) {
                    @if let Some((start, elapsed)) = transfer.start.zip(transfer.elapsed) {
                        @if let Some(end) = start.checked_add(elapsed) {
                            rect.transfer x=(axis.percent(start)) y="66%" width=(axis.width(start, end)) height="9%" {}
                        }
                    }
                }
            }
        }
    }
}
