//! The timeline: all steps on one axis, those of each target together.
//!
//! Reads, writes: nothing. Unknown here: what a row shows.

use std::collections::{BTreeMap, HashSet};

use maud::{Markup, html};
use oci_image_progress::amount::counted;
use oci_image_progress::record::{BuildRecord, RecordedStep, StepEnd};

use crate::axis::Axis;
use crate::known::Known;
use crate::row::{Row, kind};
use crate::text::visible;

/// How many steps are shown; those that failed and those of the slow path always are.
const MOST_SHOWN: usize = 1_000;

/// Whose steps stand together. In the order in which they are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Owner {
    All,
    Several,
    Target(usize),
    Program,
}

impl Owner {
    fn of(record: &BuildRecord, step: &RecordedStep) -> Self {
        match step.targets.as_slice() {
            [] => Self::Program,
            _ if record.targets.len() < 2 => Self::All,
            [target] => Self::Target(*target),
            _ => Self::Several,
        }
    }

    fn title(self, record: &BuildRecord) -> String {
        match self {
            Self::All => "Steps".to_owned(),
            Self::Several => "Steps of several targets".to_owned(),
            Self::Target(place) => {
                let name = record.targets.get(place).map_or("", String::as_str);
                format!("Target {}", visible(name))
            }
            Self::Program => "oci-image itself".to_owned(),
        }
    }
}

/// Shows all steps.
pub(crate) fn timeline(known: &Known<'_>) -> Markup {
    let Known {
        record,
        slow,
        lines,
    } = *known;
    let Some(axis) = Axis::of(record) else {
        return html! {
            section.timeline aria-labelledby="timeline" {
                h2 id="timeline" { "Timeline" }
                p.nothing { "No step ran." }
            }
        };
    };
    let mut groups: BTreeMap<Owner, Vec<usize>> = BTreeMap::new();
    let mut hidden = record.unrecorded;
    for (place, step) in record.steps.iter().enumerate() {
        let always = slow.contains(&place) || matches!(step.end, Some(StepEnd::Failed(_)));
        if place < MOST_SHOWN || always {
            groups
                .entry(Owner::of(record, step))
                .or_default()
                .push(place);
        } else {
            hidden += 1;
        }
    }
    html! {
        section.timeline aria-labelledby="timeline" {
            h2 id="timeline" { "Timeline" }
            p.legend { (legend(record, slow)) }
            (scale(axis))
            @for (owner, places) in &groups {
                h3 { (owner.title(record)) span.count { (counted(places.len(), "step")) } }
                ul.steps role="list" {
                    @for place in places {
                        (Row {
                            axis,
                            record,
                            step: &record.steps[*place],
                            is_slow: slow.contains(place),
                            line: lines.get(place).copied(),
                        }.html())
                    }
                }
            }
            @if hidden > 0 { p.gap { "and " (counted(hidden, "step")) " more, not shown" } }
        }
    }
}

fn scale(axis: Axis) -> Markup {
    html! {
        div.scale aria-hidden="true" {
            span {}
            svg focusable="false" {
                text x="0" y="70%" { "0s" }
                @for mark in axis.marks() {
                    line.grid x1=(mark.percent) x2=(mark.percent) y1="80%" y2="100%" {}
                    text.mark x=(mark.percent) y="70%" { (mark.label) }
                }
            }
            span {}
        }
    }
}

/// What the colours mean, of those that are there.
fn legend(record: &BuildRecord, slow: &HashSet<usize>) -> Markup {
    let has = |end: &dyn Fn(&RecordedStep) -> bool| record.steps.iter().any(end);
    let is_cached = |step: &RecordedStep| step.end == Some(StepEnd::Cached);
    let has_failed = |step: &RecordedStep| matches!(step.end, Some(StepEnd::Failed(_)));
    let is_cut = |step: &RecordedStep| {
        matches!(
            step.end,
            None | Some(StepEnd::Canceled | StepEnd::Interrupted)
        )
    };
    let mut places = 0..record.steps.len();
    let is_violet =
        places.any(|place| kind(&record.steps[place]) == "own" && !slow.contains(&place));
    let is_amber = (slow.iter()).any(|place| !has_failed(&record.steps[*place]));
    let moves = |step: &RecordedStep| !step.transfers.is_empty();
    html! {
        span.key.done { (sample()) "ran" }
        @if is_amber { span.key.slow { (sample()) "on the slow path" } }
        @if has(&is_cached) { span.key.cached { svg aria-hidden="true" { circle.hit cx="50%" cy="50%" r="4" {} } "cached" } }
        @if has(&has_failed) { span.key.failed { (sample()) "failed" } }
        @if has(&is_cut) { span.key.canceled { (sample()) "canceled or stopped" } }
        @if is_violet { span.key.own { (sample()) "oci-image itself" } }
        @if has(&moves) { span.key.moves { svg aria-hidden="true" { rect.transfer x="0" y="40%" width="100%" height="20%" {} } "transfer" } }
    }
}

fn sample() -> Markup {
    html! { svg aria-hidden="true" { rect.run x="0" y="25%" width="100%" height="50%" {} } }
}
