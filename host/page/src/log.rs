//! The log of a step: what was kept of it, and how much was not.
//!
//! Reads, writes: nothing. Unknown here: the step.

use maud::{Markup, html};
use oci_image_progress::amount::clock;
use oci_image_progress::record::{KeptLog, LogLine};

use crate::text::visible;

/// Shows a log; nothing if there is none.
pub(crate) fn log(log: &KeptLog, of: &str) -> Markup {
    let left_out = log.left_out();
    html! {
        @if log.seen() > 0 {
            div.log role="region" tabindex="0" aria-label={ "log of " (of) } {
                div {
                    @if left_out == 0 {
                        pre { @for one in log.first().chain(log.last()) { (line(one)) } }
                    } @else {
                        pre { @for one in log.first() { (line(one)) } }
                        p.gap { (lines(left_out)) " left out" }
                        pre { @for one in log.last() { (line(one)) } }
                    }
                }
            }
        }
    }
}

fn line(line: &LogLine) -> Markup {
    html! { span.at { (clock(line.since_start)) } " " (visible(&line.text)) "\n" }
}

/// `1 line`, `2 lines`.
pub(crate) fn lines(count: u64) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} line{plural}")
}
