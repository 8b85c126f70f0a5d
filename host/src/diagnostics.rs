//! Diagnostics as a person reads them, with excerpts; and as programs read them, with lines and columns.
//!
//! A diagnostic is data that counts bytes of the object's text. Here the object is found again in the whole text that
//! the user sent, so that lines are those of their file. Texts shown are those that the planner saw: without secrets.
//!
//! - `text`: for a person, with excerpts.
//! - `json`: a list of our own, or lines, with everything that is known.
//! - `sarif`: SARIF 2.1.0, for code scanning.
//! - `github`: workflow commands, which a job's log turns into annotations.
//!
//! Reads, writes: nothing. Unknown here: what a rule means.

mod github;
mod json;
mod sarif;
mod text;

use std::collections::BTreeMap;
use std::ops::Range;

use oci_image_schema::diagnostic::{Diagnostic, Place, Severity, Span};
use oci_image_schema::event::Position;

pub use self::github::github;
pub use self::json::{json, json_lines};
pub use self::sarif::sarif;
pub use self::text::text;

/// What was found in one request, and the texts that it points into.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Name of the request's text for people: `<stdin>`, or a file.
    pub name: String,
    /// The request's whole text, secrets masked.
    pub text: String,
    /// Where in it the object begins, in bytes.
    pub object_start: usize,
    /// The text of each file that the planner read, by the path that the object gives.
    pub files: BTreeMap<String, String>,
    /// What was found, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

/// A place in one of the texts.
struct Spot<'text> {
    name: &'text str,
    text: &'text str,
    span: Range<usize>,
}

impl Report {
    /// Whether anything found is an error.
    #[must_use]
    pub fn is_wrong(&self) -> bool {
        self.errors() > 0
    }

    fn errors(&self) -> usize {
        let is_error = |diagnostic: &&Diagnostic| diagnostic.severity == Severity::Error;
        self.diagnostics.iter().filter(is_error).count()
    }

    /// The place of a diagnostic. A span that lies in no text (a planner may err) counts as no place.
    fn spot(&self, diagnostic: &Diagnostic) -> Option<Spot<'_>> {
        let (name, text, start, span) = match diagnostic.place.as_ref()? {
            Place::Object(span) => (&self.name, &self.text, self.object_start, span),
            Place::File(place) => {
                let (name, text) = self.files.get_key_value(&place.path)?;
                (name, text, 0, &place.span)
            }
        };
        let range = |span: &Span| start + span.start as usize..start + span.end as usize;
        let span = range(span);
        text.get(span.clone())?;
        Some(Spot { name, text, span })
    }

    /// The name of the text that a place is in; of the request's own where there is no place.
    fn file<'text>(&'text self, spot: Option<&Spot<'text>>) -> &'text str {
        spot.map_or(&self.name, |spot| spot.name)
    }
}

impl Spot<'_> {
    fn start(&self) -> Position {
        self.position(self.span.start)
    }

    fn end(&self) -> Position {
        self.position(self.span.end)
    }

    fn position(&self, offset: usize) -> Position {
        let before = &self.text[..offset];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Position {
            line: before.bytes().filter(|byte| *byte == b'\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}
