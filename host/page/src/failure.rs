//! Why a build has no image: what a person is told at the terminal, at the top of the page.
//!
//! Reads, writes: nothing. Unknown here: what the report says.

use maud::{Markup, html};
use oci_image_progress::record::without_colours;

/// What its first line begins with at a terminal; here the heading says it.
const LABEL: &str = "error: ";
/// What stands between the number of a line of a file and the line.
const GUTTER: &str = " | ";

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
                        @if is_marked(line) { mark { (line) } } @else { (line) }
                        "\n"
                    }
                }
            }
        }
    }
}

/// Whether a line of an excerpt is one of those meant, or the mark below one.
fn is_marked(line: &str) -> bool {
    let Some((_, line)) = line.split_once(GUTTER) else {
        return false;
    };
    let line = line.trim_start();
    let is_mark = !line.is_empty() && line.bytes().all(|byte| byte == b'^');
    is_mark || ["/ ", "| ", "|_"].iter().any(|mark| line.starts_with(mark))
}

#[cfg(test)]
mod tests {
    use super::is_marked;

    #[test]
    fn lines_that_are_meant_are_marked_and_their_neighbours_are_not() {
        for line in ["  | ^^^^", "5 | / RUN a \\", "6 | |   b", "  | |___^"] {
            assert!(is_marked(line), "{line}");
        }
        for line in [
            "  |",
            "4 |   FROM a",
            "3 | RUN b",
            " --> Dockerfile:5:1",
            "  | a ^ b",
        ] {
            assert!(!is_marked(line), "{line}");
        }
    }
}
