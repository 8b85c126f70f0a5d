//! The Dockerfile, with what each of its instructions took beside its line.
//!
//! Reads, writes: nothing. Unknown here: which step is which (`matching`).

use std::collections::BTreeMap;

use maud::{Markup, html};
use oci_image_progress::record::{RecordedDockerfile, StepEnd};

use crate::known::Known;
use crate::row::{kind, spent};
use crate::text::visible;

/// How many lines are shown.
const MOST_LINES: usize = 5_000;
/// How many steps are named beside a line: one a platform.
const MOST_STEPS: usize = 4;

/// Shows the file.
pub(crate) fn dockerfile(file: &RecordedDockerfile, known: &Known<'_>) -> Markup {
    let mut steps: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (place, line) in known.lines {
        steps.entry(*line).or_default().push(*place);
    }
    steps.values_mut().for_each(|places| places.sort_unstable());
    let none = Vec::new();
    let count = file.text.lines().count();
    html! {
        section.dockerfile aria-labelledby="dockerfile" {
            h2 id="dockerfile" { (visible(&file.name)) }
            table {
                caption { span.hidden { "each line, and the time of its step" } }
                colgroup { col.time; col.number; col.text; }
                thead { tr { th scope="col" { span.hidden { "time" } } th scope="col" { span.hidden { "line" } } th scope="col" { span.hidden { "text" } } } }
                tbody {
                    @for (number, line) in (1..).zip(file.text.lines()).take(MOST_LINES) {
                        (row(number, line, steps.get(&number).unwrap_or(&none), known))
                    }
                }
            }
            @if count > MOST_LINES || file.is_cut { p.gap { "the rest is not shown" } }
        }
    }
}

fn row(number: usize, line: &str, steps: &[usize], known: &Known<'_>) -> Markup {
    let step = |place: &usize| &known.record.steps[*place];
    let is_slow = steps.iter().any(|place| known.slow.contains(place));
    let has_failed = steps
        .iter()
        .any(|place| matches!(step(place).end, Some(StepEnd::Failed(_))));
    let is_comment = line.trim_start().starts_with('#');
    html! {
        tr.slow[is_slow].failed[has_failed].comment[is_comment] id={ "line-" (number) } {
            td.time {
                @for place in steps.iter().take(MOST_STEPS) {
                    @let step = step(place);
                    a.(kind(step)) href={ "#step-" (step.number) } aria-label={ "step " (step.number) ": " (spent(step)) } { (spent(step)) }
                }
            }
            th scope="row" { (number) }
            td.text { code { (visible(line)) } }
        }
    }
}
