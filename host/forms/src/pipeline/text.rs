//! A text of a pipeline: the pipeline itself, or the file of a task that it names.

use std::ops::Range;

use oci_image_schema::diagnostic::{Diagnostic, Place, Span};

use crate::yaml::Document;

/// A text, and what it says.
// No `Debug`: it would show secrets.
pub struct PipelineText {
    /// What places call it.
    pub name: String,
    /// As it was written.
    pub text: String,
    /// As Concourse reads it.
    pub document: Document,
}

/// A part of a text, in its JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TextPart {
    /// Which text: 0 is the pipeline.
    pub(super) text: usize,
    pub(super) range: Range<usize>,
}

/// What is said of a part of a text.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub(super) part: TextPart,
    pub(super) diagnostic: Diagnostic,
}

impl PipelineText {
    /// Where a part of the JSON was written in the text.
    pub(super) fn place(&self, part: Range<usize>) -> Span {
        let written = self.document.written_out(part);
        let span = Span::of(written);
        self.document.place(&self.text, self.document.json(), span)
    }

    /// What is odd about the way in which parts of it are written, with its place in the text.
    pub(super) fn oddities(
        &self,
        parts: &[Range<usize>],
    ) -> impl Iterator<Item = (Span, &Diagnostic)> + use<'_> {
        let is_odd = !self.document.mistakes.is_empty();
        let parts = parts.iter().filter(|_| is_odd);
        let places: Vec<Span> = parts.map(|part| self.place(part.clone())).collect();
        self.document.mistakes.iter().filter_map(move |one| {
            let Some(Place::Object(span)) = one.place else {
                return None;
            };
            let holds = |place: &Span| (place.start..=place.end).contains(&span.start);
            places.iter().any(holds).then_some((span, one))
        })
    }
}
