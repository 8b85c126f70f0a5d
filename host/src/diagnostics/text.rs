//! Diagnostics as a person reads them: an excerpt with the place marked, what to do, and a count at the end.

use crate::excerpt::{Canvas, Level, Place, Remark};
use oci_image_schema::diagnostic::{Diagnostic, Severity};

use crate::boundary::outside::is_unruly;
use oci_image_forms::report::Report;

/// How many diagnostics are drawn; the planner itself stops at half as many.
const MOST: usize = 200;

/// How many values are listed beside a hint that names the one that was probably meant.
const LONG_LIST: usize = 8;
/// The length of a line of such a list, in characters, if the canvas is as wide.
const LINE: usize = 90;
/// How far in it stands.
const INDENT: usize = 14;

/// Diagnostics for a person: code, message, place, excerpt, what to do; a count at the end. Empty for none. Between two there is a
/// blank line, and none at the end.
#[must_use]
pub fn text(report: &Report, canvas: Canvas) -> String {
    let diagnostics = &report.diagnostics;
    let mut blocks: Vec<String> = diagnostics
        .iter()
        .take(MOST)
        .map(|diagnostic| draw(diagnostic, report, canvas))
        .collect();
    if diagnostics.len() > MOST {
        blocks.push(format!("and {} more", diagnostics.len() - MOST));
    }
    if diagnostics.len() > 1 {
        blocks.push(count(report));
    }
    if blocks.is_empty() {
        return String::new();
    }
    blocks.join("\n\n") + "\n"
}

fn draw(diagnostic: &Diagnostic, report: &Report, canvas: Canvas) -> String {
    // A long list beside the one word that was meant would hide it; programs are given both.
    let is_told = diagnostic.help.is_some() && diagnostic.allowed.len() > LONG_LIST;
    let is_listed = !diagnostic.allowed.is_empty() && !is_told;
    let allowed = is_listed.then(|| allowed(&diagnostic.allowed, canvas));
    let remark = Remark {
        level: match diagnostic.severity {
            Severity::Error => Level::Error,
            Severity::Warning => Level::Warning,
        },
        code: &diagnostic.code,
        message: &diagnostic.message,
        place: report.spot(diagnostic).map(|spot| Place {
            name: spot.name,
            text: spot.text,
            span: spot.span,
        }),
        help: diagnostic.help.as_deref(),
        note: allowed.as_deref(),
    };
    remark.draw(canvas)
}

/// The values that would be right, on lines of a readable length.
fn allowed(values: &[String], canvas: Canvas) -> String {
    let longest = LINE.min(canvas.columns.saturating_sub(INDENT));
    let mut text = String::from("allowed:");
    let mut line = text.len();
    for (index, value) in values.iter().enumerate() {
        let comma = if index + 1 < values.len() { "," } else { "" };
        let value = format!("`{}`{comma}", printable(value));
        line += value.chars().count() + 1;
        if line > longest {
            text.push('\n');
            line = value.chars().count();
        } else {
            text.push(' ');
        }
        text.push_str(&value);
    }
    text
}

/// A text that cannot drive a terminal.
fn printable(text: &str) -> String {
    text.replace(is_unruly, "\u{fffd}")
}

fn count(report: &Report) -> String {
    let errors = report.errors();
    let named = |count: usize, what: &str| match count {
        0 => None,
        1 => Some(format!("1 {what}")),
        more => Some(format!("{more} {what}s")),
    };
    let parts: Vec<String> = [
        named(errors, Severity::Error.name()),
        named(report.diagnostics.len() - errors, Severity::Warning.name()),
    ]
    .into_iter()
    .flatten()
    .collect();
    let name = printable(&report.name);
    let found = parts.join(" and ");
    match report.tasks {
        None => format!("`{name}` has {found}"),
        Some(1) => format!("`{name}`, a pipeline with 1 task that builds an image, has {found}"),
        Some(tasks) => {
            format!("`{name}`, a pipeline with {tasks} tasks that build images, has {found}")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use oci_image_schema::diagnostic::{FilePlace, Place, Span};

    use super::*;

    fn diagnostic(span: Option<Span>) -> Diagnostic {
        Diagnostic {
            code: "unknown-key".to_owned(),
            severity: Severity::Error,
            pointer: "/contxt".to_owned(),
            place: span.map(Place::Object),
            message: "`contxt` is not a key of the object".to_owned(),
            help: Some("did you mean `context`?".to_owned()),
            allowed: vec!["context".to_owned(), "output".to_owned()],
        }
    }

    fn report(text: &str, object_start: usize, diagnostic: Diagnostic) -> Report {
        Report {
            name: "<stdin>".to_owned(),
            text: text.to_owned(),
            object_start,
            tasks: None,
            files: BTreeMap::new(),
            diagnostics: vec![diagnostic],
        }
    }

    #[test]
    fn of_a_pipeline_it_is_told_how_much_of_it_was_judged() {
        let mut report = report("{}", 0, diagnostic(None));
        assert_eq!(count(&report), "`<stdin>` has 1 error");
        report.tasks = Some(1);
        assert_eq!(
            count(&report),
            "`<stdin>`, a pipeline with 1 task that builds an image, has 1 error"
        );
        report.tasks = Some(3);
        assert_eq!(
            count(&report),
            "`<stdin>`, a pipeline with 3 tasks that build images, has 1 error"
        );
    }

    #[test]
    fn excerpt_has_the_lines_of_the_whole_text_and_what_to_do() {
        let message = "{\n  \"object\": {\n    \"contxt\": \"ä\"\n  }\n}\n";
        let text = text(
            &report(message, 14, diagnostic(Some(Span { start: 6, end: 14 }))),
            Canvas::plain(),
        );

        assert_eq!(
            text,
            "\
error[unknown-key]: `contxt` is not a key of the object
 --> <stdin>:3:5
  |
1 | {
2 |   \"object\": {
3 |     \"contxt\": \"ä\"
  |     ^^^^^^^^
4 |   }
5 | }
  |
  = help: did you mean `context`?
  = note: allowed: `context`, `output`
"
        );
    }

    #[test]
    fn document_on_one_long_line_is_clipped_around_the_place() {
        let message = format!(
            "{{{}\"contxt\": 1{}}}",
            " ".repeat(1 << 20),
            " ".repeat(1 << 20)
        );
        let start = message.find("\"contxt\"").unwrap() as u32;
        let text = text(
            &report(
                &message,
                0,
                diagnostic(Some(Span {
                    start,
                    end: start + 8,
                })),
            ),
            Canvas::plain(),
        );

        assert!(text.len() < 2000, "{}", text.len());
        assert!(text.contains("note: at <stdin>:1:1048578"), "{text}");
        assert!(text.contains("\"contxt\": 1"), "{text}");
    }

    #[test]
    fn span_outside_of_the_text_is_no_place_and_no_panic() {
        for (start, end) in [(5, 900), (900, 901), (3, 2), (1, 2), (u32::MAX, u32::MAX)] {
            let text = text(
                &report("{ä}", 0, diagnostic(Some(Span { start, end }))),
                Canvas::plain(),
            );

            assert!(text.starts_with("error[unknown-key]"), "{text}");
            assert!(!text.contains("-->"), "{text}");
        }
    }

    /// The drawing of one diagnostic about `marked` within a text.
    fn drawn(message: &str, marked: &str) -> String {
        let start = u32::try_from(message.find(marked).unwrap()).unwrap();
        let end = start + u32::try_from(marked.len()).unwrap();
        let bare = Diagnostic {
            help: None,
            allowed: Vec::new(),
            ..diagnostic(Some(Span { start, end }))
        };
        text(&report(message, 0, bare), Canvas::plain())
    }

    #[test]
    fn long_neighbour_of_a_line_is_cut_and_the_place_stays_true() {
        let long = format!("{{\n\"a\": \"{}\",\n\"contxt\": 1\n}}", "x".repeat(5000));
        let longer = format!("{{\n\"a\": \"{}\",\n\"contxt\": 1\n}}", "x".repeat(1 << 20));

        let (long, longer) = (drawn(&long, "\"contxt\""), drawn(&longer, "\"contxt\""));

        assert!(long.contains(" --> <stdin>:3:1\n"), "{long}");
        assert!(
            long.contains("xxx...\n3 | \"contxt\": 1\n  | ^^^^^^^^\n4 | }\n"),
            "{long}"
        );
        assert!(
            longer.ends_with(" --> <stdin>:3:1\n  |\n3 | \"contxt\": 1\n  | ^^^^^^^^\n"),
            "{longer}"
        );
    }

    #[test]
    fn marker_stands_below_its_text_after_tabs_and_wide_characters() {
        let tabs = drawn("{\r\n\t\"a\": 1,\t\"contxt\": 2\r\n}\r\n", "\"contxt\"");
        assert!(
            tabs.contains(
                " --> <stdin>:2:10\n  |\n1 | {\n2 |     \"a\": 1,    \"contxt\": 2\n  |                ^^^^^^^^\n3 | }\n"
            ),
            "{tabs}"
        );
        assert!(
            drawn("{\"日本語\": \"ä\", \"contxt\": 2}", "\"contxt\"")
                .contains("1 | {\"日本語\": \"ä\", \"contxt\": 2}\n  |                 ^^^^^^^^\n")
        );
    }

    #[test]
    fn list_of_what_is_allowed_is_as_wide_as_the_canvas() {
        let wrong = Diagnostic {
            help: None,
            allowed: (1..60).map(|number| format!("value{number}")).collect(),
            ..diagnostic(None)
        };
        let report = report("{}", 0, wrong);
        for columns in [60, 80, 200] {
            let canvas = Canvas {
                columns,
                ..Canvas::plain()
            };

            let text = text(&report, canvas);

            let widest = text.lines().map(str::len).max().unwrap();
            assert!(widest <= columns, "{columns}: {widest}\n{text}");
        }
    }

    #[test]
    fn no_text_drives_the_terminal() {
        let unruly: String = ('\0'..char::MAX)
            .filter(|&character| is_unruly(character))
            .collect();
        let hostile = &format!("\u{1b}[31m\u{7}\u{9b}2J{}", unruly.replace('\n', ""));
        let message = format!("{{\"a\": \"{hostile}\"}}");
        let start = 6;
        let diagnostic = Diagnostic {
            message: hostile.clone(),
            help: Some(hostile.clone()),
            allowed: vec![hostile.clone()],
            ..diagnostic(Some(Span {
                start,
                end: start + 3,
            }))
        };
        let report = Report {
            name: hostile.clone(),
            ..report(&message, 0, diagnostic)
        };
        let text = text(&report, Canvas::plain());

        let drives = |character: char| character != '\n' && is_unruly(character);
        assert!(!text.contains(drives), "{}", text.escape_debug());
    }

    #[test]
    fn place_in_a_file_is_drawn_from_that_file() {
        let files = BTreeMap::from([("args".to_owned(), "A=1\nB\n".to_owned())]);
        let diagnostic = Diagnostic {
            place: Some(Place::File(FilePlace {
                path: "args".to_owned(),
                span: Span { start: 4, end: 5 },
            })),
            ..diagnostic(None)
        };

        let report = Report {
            files,
            ..report("{}", 0, diagnostic)
        };

        let text = text(&report, Canvas::plain());

        assert!(
            text.contains(" --> args:2:1\n  |\n1 | A=1\n2 | B\n  | ^\n"),
            "{text}"
        );
    }
}
