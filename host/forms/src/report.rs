//! What was found in one request, and the texts that it points into.

use std::collections::BTreeMap;
use std::ops::Range;

use oci_image_schema::diagnostic::{Diagnostic, Place, Severity};
use oci_image_schema::event::Position;

use oci_image_boundary::line::line_start;

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
    /// How many tasks of a pipeline were judged; nothing of what is no pipeline.
    pub tasks: Option<usize>,
    /// What was found, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

/// A place in one of the texts.
#[derive(Debug)]
pub struct Spot<'text> {
    /// What places call the text.
    pub name: &'text str,
    /// The text, as far as it may be seen.
    pub text: &'text str,
    /// The bytes of it.
    pub span: Range<usize>,
}

impl Report {
    /// Whether anything found is an error.
    #[must_use]
    pub fn is_wrong(&self) -> bool {
        self.errors() > 0
    }

    /// Where in the request's text something is said; nothing if it is said of another text, or of none.
    #[must_use]
    pub fn place(&self, diagnostic: &Diagnostic) -> Option<Range<usize>> {
        let Some(Place::Object(span)) = diagnostic.place else {
            return None;
        };
        let span = span.range();
        Some(self.object_start + span.start..self.object_start + span.end)
    }

    /// How many errors were found.
    #[must_use]
    pub fn errors(&self) -> usize {
        let is_error = |diagnostic: &&Diagnostic| diagnostic.severity == Severity::Error;
        self.diagnostics.iter().filter(is_error).count()
    }

    /// The place of a diagnostic. A span that lies in no text (a planner may err) counts as no place.
    #[must_use]
    pub fn spot(&self, diagnostic: &Diagnostic) -> Option<Spot<'_>> {
        let (name, text, start, span) = match diagnostic.place.as_ref()? {
            Place::Object(span) => (&self.name, &self.text, self.object_start, span),
            Place::File(place) => {
                let (name, text) = self.files.get_key_value(&place.path)?;
                (name, text, 0, &place.span)
            }
        };
        let span = span.range();
        let span = start + span.start..start + span.end;
        text.get(span.clone())?;
        Some(Spot { name, text, span })
    }

    /// The name of the text that a place is in; of the request's own where there is no place.
    #[must_use]
    pub fn file<'text>(&'text self, spot: Option<&Spot<'text>>) -> &'text str {
        spot.map_or(&self.name, |spot| spot.name)
    }
}

impl Spot<'_> {
    /// Where it begins.
    #[must_use]
    pub fn start(&self) -> Position {
        self.position(self.span.start)
    }

    /// Where it ends.
    #[must_use]
    pub fn end(&self) -> Position {
        self.position(self.span.end)
    }

    /// The line and column of a byte of the text.
    #[must_use]
    pub fn position(&self, offset: usize) -> Position {
        let before = &self.text[..offset];
        let start = line_start(self.text, offset);
        Position {
            line: before.bytes().filter(|byte| *byte == b'\n').count() + 1,
            column: before[start..].chars().count() + 1,
        }
    }
}
