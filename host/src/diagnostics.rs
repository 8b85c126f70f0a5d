//! Diagnostics as a person reads them, with excerpts; and as programs read them, with lines and columns.
//!
//! A diagnostic is data that counts bytes of the object's text. Here the object is found again in the whole text that
//! the user sent, so that lines are those of their file. Texts shown are those that the planner saw: without secrets.
//!
//! Reads, writes: nothing. Unknown here: what a rule means.

use std::collections::BTreeMap;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use oci_image_schema::diagnostic::{Diagnostic, Place, Severity, Span};
use serde::Serialize;

/// How many lines are shown before and after the place.
const CONTEXT_LINES: usize = 2;
/// How much of a line is shown before and after the place, in bytes: a whole document may stand on one line.
const CONTEXT_BYTES: usize = 256;
/// How many diagnostics are drawn; a text with more mistakes than this is not the one that was meant.
const MOST: usize = 100;

/// The texts that diagnostics point into.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'text> {
    /// Name of the request's text for people: `<stdin>`, or a file.
    pub name: &'text str,
    /// The request's whole text, secrets masked.
    pub text: &'text str,
    /// Where in it the object begins, in bytes.
    pub object_start: usize,
    /// The text of each file that the planner read, by the path that the object gives.
    pub files: &'text BTreeMap<String, String>,
}

/// A place in one of the texts.
struct Spot<'text> {
    name: &'text str,
    text: &'text str,
    span: Range<usize>,
}

/// Line and column of a place, both from 1; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
struct Position {
    line: usize,
    column: usize,
}

/// A diagnostic as programs read it.
#[derive(Serialize)]
struct Entry<'text> {
    #[serde(flatten)]
    diagnostic: &'text Diagnostic,
    file: Option<&'text str>,
    start: Option<Position>,
    end: Option<Position>,
}

impl<'text> Sources<'text> {
    /// The place of a diagnostic. A span that lies in no text (a planner may err) counts as no place.
    fn spot(&self, diagnostic: &'text Diagnostic) -> Option<Spot<'text>> {
        let (name, text, start, span) = match diagnostic.place.as_ref()? {
            Place::Object(span) => (self.name, self.text, self.object_start, span),
            Place::File(place) => (
                place.path.as_str(),
                self.files.get(&place.path)?.as_str(),
                0,
                &place.span,
            ),
        };
        let range = |span: &Span| start + span.start as usize..start + span.end as usize;
        let span = range(span);
        text.get(span.clone())?;
        Some(Spot { name, text, span })
    }
}

impl<'text> Spot<'text> {
    fn position(&self, offset: usize) -> Position {
        let before = &self.text[..offset];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Position {
            line: before.bytes().filter(|byte| *byte == b'\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }

    /// The lines around the place, and where in the text they begin.
    fn window(&self) -> (usize, &'text str) {
        let mut start = self.text[..self.span.start]
            .rfind('\n')
            .map_or(0, |newline| newline + 1);
        for _ in 0..CONTEXT_LINES {
            start = self.text[..start.saturating_sub(1)]
                .rfind('\n')
                .map_or(0, |newline| newline + 1);
        }
        let mut end = self.span.end;
        for _ in 0..=CONTEXT_LINES {
            end = self.text[end..]
                .find('\n')
                .map_or(self.text.len(), |newline| end + newline + 1);
        }
        (start, &self.text[start..end])
    }

    /// Where the part begins and ends that is shown of lines that are too long.
    fn clipped(&self) -> (usize, &'text str) {
        let start = self
            .text
            .floor_char_boundary(self.span.start.saturating_sub(CONTEXT_BYTES));
        let end = (self.span.end.min(self.span.start + CONTEXT_BYTES) + CONTEXT_BYTES)
            .min(self.text.len());
        (start, &self.text[start..self.text.floor_char_boundary(end)])
    }

    fn snippet(
        &self,
    ) -> (
        Snippet<'text, annotate_snippets::Annotation<'text>>,
        Option<Position>,
    ) {
        let (start, shown) = self.window();
        let long = shown.len() > 8 * CONTEXT_BYTES || self.span.len() > 4 * CONTEXT_BYTES;
        let (start, shown) = if long { self.clipped() } else { (start, shown) };
        let span = self.span.start - start..(self.span.end - start).min(shown.len());
        let snippet = Snippet::source(shown)
            .line_start(self.position(start).line)
            .fold(false)
            .annotation(AnnotationKind::Primary.span(span));
        if long {
            (snippet, Some(self.position(self.span.start)))
        } else {
            (snippet.path(self.name), None)
        }
    }
}

/// Diagnostics for a person: code, message, place, excerpt, what to do; a count at the end. Empty for none.
#[must_use]
pub fn text(diagnostics: &[Diagnostic], sources: &Sources<'_>, coloured: bool) -> String {
    let renderer = if coloured {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let mut text = String::new();
    for diagnostic in diagnostics.iter().take(MOST) {
        text.push_str(&renderer.render(&[group(diagnostic, sources)]));
        text.push_str("\n\n");
    }
    if diagnostics.len() > MOST {
        text.push_str(&format!("and {} more\n\n", diagnostics.len() - MOST));
    }
    if diagnostics.len() > 1 {
        text.push_str(&format!("{}\n", count(diagnostics)));
    }
    text
}

/// Diagnostics for a program: a JSON list of the diagnostics' own fields, with `file`, `start` and `end`.
#[must_use]
pub fn json(diagnostics: &[Diagnostic], sources: &Sources<'_>) -> String {
    let entry = |diagnostic| {
        let spot = sources.spot(diagnostic);
        Entry {
            diagnostic,
            file: spot.as_ref().map(|spot| spot.name),
            start: spot.as_ref().map(|spot| spot.position(spot.span.start)),
            end: spot.as_ref().map(|spot| spot.position(spot.span.end)),
        }
    };
    let entries: Vec<Entry<'_>> = diagnostics.iter().map(entry).collect();
    let mut text = serde_json::to_string_pretty(&entries).expect("an entry has only names as keys");
    text.push('\n');
    text
}

fn group<'text>(diagnostic: &'text Diagnostic, sources: &Sources<'text>) -> Group<'text> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = Group::with_title(
        level
            .primary_title(&diagnostic.message)
            .id(&diagnostic.code),
    );
    if let Some(spot) = sources.spot(diagnostic) {
        let (snippet, position) = spot.snippet();
        group = group.element(snippet);
        if let Some(Position { line, column }) = position {
            group = group.element(Level::NOTE.message(format!("at {}:{line}:{column}", spot.name)));
        }
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help));
    }
    if !diagnostic.allowed.is_empty() {
        let allowed: Vec<String> = diagnostic
            .allowed
            .iter()
            .map(|value| format!("`{value}`"))
            .collect();
        group = group.element(Level::NOTE.message(format!("allowed: {}", allowed.join(", "))));
    }
    group
}

fn count(diagnostics: &[Diagnostic]) -> String {
    let errors = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error)
        .count();
    let named = |count: usize, what: &str| match count {
        0 => None,
        1 => Some(format!("1 {what}")),
        more => Some(format!("{more} {what}s")),
    };
    let parts: Vec<String> = [
        named(errors, "error"),
        named(diagnostics.len() - errors, "warning"),
    ]
    .into_iter()
    .flatten()
    .collect();
    format!("the request has {}", parts.join(" and "))
}

#[cfg(test)]
mod tests {
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

    fn sources<'text>(
        text: &'text str,
        object_start: usize,
        files: &'text BTreeMap<String, String>,
    ) -> Sources<'text> {
        Sources {
            name: "<stdin>",
            text,
            object_start,
            files,
        }
    }

    #[test]
    fn excerpt_has_the_lines_of_the_whole_text_and_what_to_do() {
        let message = "{\n  \"object\": {\n    \"contxt\": \"ä\"\n  }\n}\n";
        let files = BTreeMap::new();

        let text = text(
            &[diagnostic(Some(Span { start: 6, end: 14 }))],
            &sources(message, 14, &files),
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
        let files = BTreeMap::new();

        let text = text(
            &[diagnostic(Some(Span {
                start,
                end: start + 8,
            }))],
            &sources(&message, 0, &files),
            false,
        );

        assert!(text.len() < 2000, "{}", text.len());
        assert!(text.contains("note: at <stdin>:1:1048578"), "{text}");
        assert!(text.contains("\"contxt\": 1"), "{text}");
    }

    #[test]
    fn span_outside_of_the_text_is_no_place_and_no_panic() {
        let files = BTreeMap::new();
        for (start, end) in [(5, 900), (900, 901), (3, 2), (1, 2), (u32::MAX, u32::MAX)] {
            let text = text(
                &[diagnostic(Some(Span { start, end }))],
                &sources("{ä}", 0, &files),
                false,
            );

            assert!(text.starts_with("error[unknown-key]"), "{text}");
            assert!(!text.contains("-->"), "{text}");
        }
    }

    #[test]
    fn json_adds_lines_and_columns_in_characters() {
        let message = "{\"ä\": 1,\n \"contxt\": 2}";
        let files = BTreeMap::new();

        let json = json(
            &[diagnostic(Some(Span { start: 11, end: 19 }))],
            &sources(message, 0, &files),
        );

        let entries: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(
            entries[0]["start"],
            serde_json::json!({"line": 2, "column": 2})
        );
        assert_eq!(
            entries[0]["end"],
            serde_json::json!({"line": 2, "column": 10})
        );
        assert_eq!(entries[0]["file"], "<stdin>");
        assert_eq!(entries[0]["code"], "unknown-key");
    }
}
