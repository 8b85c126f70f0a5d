//! Diagnostics as a person reads them: an excerpt with the place marked, what to do, and a count at the end.

use std::borrow::Cow;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use oci_image_schema::diagnostic::{Diagnostic, Severity};

use oci_image_schema::event::Position;

use super::report::{Report, Spot};
use crate::boundary::outside::is_unruly;

/// How many lines are shown before and after the place.
const CONTEXT_LINES: usize = 2;
/// How much text is handed to the drawing, in bytes. It shows a terminal's width of a line, but reads all of it.
const DRAWN: usize = 16 << 10;
/// How much is kept before and after the place of a line that is longer: a whole document may stand on one line.
const CONTEXT_BYTES: usize = 256;
/// How many diagnostics are drawn; the planner itself stops at half as many.
const MOST: usize = 200;

/// How many values are listed beside a hint that names the one that was probably meant.
const LONG_LIST: usize = 8;
/// The length of a line of such a list, in characters.
const LINE: usize = 90;

/// Diagnostics for a person: code, message, place, excerpt, what to do; a count at the end. Empty for none. Between two there is a
/// blank line, and none at the end.
#[must_use]
pub fn text(report: &Report, coloured: bool) -> String {
    let renderer = if coloured {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let diagnostics = &report.diagnostics;
    let mut blocks: Vec<String> = diagnostics
        .iter()
        .take(MOST)
        .map(|diagnostic| renderer.render(&[group(diagnostic, report)]))
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

fn group<'text>(diagnostic: &'text Diagnostic, report: &'text Report) -> Group<'text> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = Group::with_title(
        level
            .primary_title(printable(&diagnostic.message))
            .id(&diagnostic.code),
    );
    if let Some(spot) = report.spot(diagnostic) {
        group = spot.draw(group);
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(printable(help)));
    }
    // A long list beside the one word that was meant would hide it; programs are given both.
    let is_told = diagnostic.help.is_some() && diagnostic.allowed.len() > LONG_LIST;
    if !diagnostic.allowed.is_empty() && !is_told {
        group = group.element(Level::NOTE.message(allowed(&diagnostic.allowed)));
    }
    group
}

/// The values that would be right, on lines of a readable length.
fn allowed(values: &[String]) -> String {
    let mut text = String::from("allowed:");
    let mut line = text.len();
    for (index, value) in values.iter().enumerate() {
        let comma = if index + 1 < values.len() { "," } else { "" };
        let value = format!("`{}`{comma}", printable(value));
        line += value.chars().count() + 1;
        if line > LINE {
            text.push('\n');
            line = value.chars().count();
        } else {
            text.push(' ');
        }
        text.push_str(&value);
    }
    text
}

/// A text that cannot drive a terminal: the drawing replaces such characters in titles and excerpts only, and not all of them.
fn printable(text: &str) -> String {
    let is_replaced = |character| is_unruly(character) && character != '\n';
    text.replace(is_replaced, "\u{fffd}")
}

/// The same for an excerpt, whose length must stay. Characters of one byte are left to the drawing; a byte order mark is one that
/// nobody could see.
fn printable_source(text: &str) -> Cow<'_, str> {
    let is_replaced = |character: char| {
        character == '\u{feff}' || (is_unruly(character) && character.len_utf8() > 1)
    };
    if !text.contains(is_replaced) {
        return Cow::Borrowed(text);
    }
    let replaced = |character: char| match character {
        character if !is_replaced(character) => character,
        character if character.len_utf8() == 2 => '\u{b7}',
        _ => '\u{fffd}',
    };
    Cow::Owned(text.chars().map(replaced).collect())
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
    format!("`{}` has {}", printable(&report.name), parts.join(" and "))
}

impl<'text> Spot<'text> {
    /// The lines of the place with `context` lines on both sides.
    fn lines(&self, context: usize) -> Range<usize> {
        let line_start = |offset: usize| {
            self.text[..offset]
                .rfind('\n')
                .map_or(0, |newline| newline + 1)
        };
        let line_end = |offset: usize| {
            self.text[offset..]
                .find('\n')
                .map_or(self.text.len(), |newline| offset + newline + 1)
        };
        let mut start = line_start(self.span.start);
        let mut end = line_end(self.span.end);
        for _ in 0..context {
            start = line_start(start.saturating_sub(1));
            end = line_end(end);
        }
        start..end
    }

    /// The place, or its beginning, with some of its lines on both sides.
    fn clipped(&self) -> Range<usize> {
        let start = self.span.start.saturating_sub(CONTEXT_BYTES);
        let end = self.span.end.min(self.span.start + DRAWN) + CONTEXT_BYTES;
        self.text.floor_char_boundary(start)
            ..self.text.floor_char_boundary(end.min(self.text.len()))
    }

    /// Adds the place and its excerpt.
    fn draw(&self, group: Group<'text>) -> Group<'text> {
        let whole = [CONTEXT_LINES, 0]
            .map(|context| self.lines(context))
            .into_iter()
            .find(|lines| lines.len() <= DRAWN);
        let shown = whole.clone().unwrap_or_else(|| self.clipped());
        let marked = self.span.start - shown.start..self.span.end.min(shown.end) - shown.start;
        let snippet = Snippet::source(printable_source(&self.text[shown.clone()]))
            .line_start(self.position(shown.start).line)
            .fold(false)
            .annotation(AnnotationKind::Primary.span(marked));
        if whole.is_some() {
            return group.element(snippet.path(printable(self.name)));
        }
        // With a path the drawing would count columns from where its text begins.
        let Position { line, column } = self.position(self.span.start);
        let place = format!("at {}:{line}:{column}", printable(self.name));
        group.element(snippet).element(Level::NOTE.message(place))
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
            files: BTreeMap::new(),
            diagnostics: vec![diagnostic],
        }
    }

    #[test]
    fn excerpt_has_the_lines_of_the_whole_text_and_what_to_do() {
        let message = "{\n  \"object\": {\n    \"contxt\": \"ä\"\n  }\n}\n";
        let text = text(
            &report(message, 14, diagnostic(Some(Span { start: 6, end: 14 }))),
            false,
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
            false,
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
                false,
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
        text(&report(message, 0, bare), false)
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
        let text = text(&report, false);

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

        let text = text(&report, false);

        assert!(
            text.contains(" --> args:2:1\n  |\n1 | A=1\n2 | B\n  | ^\n"),
            "{text}"
        );
    }
}
