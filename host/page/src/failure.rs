//! Why a build has no image: what a person is told at the terminal, at the top of the page.
//!
//! Reads, writes: nothing. Unknown here: what the report says.

use maud::{Markup, html};
use oci_image_progress::record::without_colours;

/// What its first line begins with at a terminal; here the heading says it.
const LABEL: &str = "error: ";
/// How a line of a Dockerfile is marked.
const MARK: &str = " | >>>";

/// Shows the report.
pub(crate) fn failure(report: &str, title: &str) -> Markup {
    let report = without_colours(report);
    let report = report.trim_matches('\n');
    let (first, rest) = report.split_once('\n').unwrap_or((report, ""));
    html! {
        section.failure aria-labelledby="failure" {
            h2 id="failure" { (title) }
            p.cause { (first.strip_prefix(LABEL).unwrap_or(first)) }
            @if !rest.trim().is_empty() {
                pre {
                    @for line in rest.lines() {
                        @if line.contains(MARK) { mark { (line) } } @else { (line) }
                        "\n"
                    }
                }
            }
        }
    }
}
