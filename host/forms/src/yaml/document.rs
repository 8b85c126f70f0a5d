//! A YAML text as JSON.

use std::ops::Range;

use oci_image_schema::diagnostic::{Diagnostic, Span};

use crate::source::Layer;

/// How long the text, and the JSON that it becomes, may be, in bytes.
// The planner's limit on the object: a longer one would be refused anyway. It is also what ends an expansion of aliases
// of aliases, before it takes memory.
pub const MAX_TEXT: usize = 4 << 20;
/// How deep lists and maps may nest; the object's own rules need four.
pub const MAX_DEPTH: usize = 64;

/// A YAML text as JSON.
#[derive(Debug)]
pub struct Document {
    pub(super) json: String,
    /// Where each token of that stands.
    pub(super) layer: Layer,
    /// What is refused although it can be read, and what is odd: tags, further documents. Places are those of the YAML.
    pub mistakes: Vec<Diagnostic>,
}

impl Document {
    /// The JSON that means the same.
    #[must_use]
    pub fn json(&self) -> &str {
        &self.json
    }

    /// The place in the YAML `text` of a span of the JSON; both may have been masked since.
    #[must_use]
    pub fn place(&self, text: &str, json: &str, span: Span) -> Span {
        let place = self.layer.place(json, text, span);
        place.map_or(Span { start: 0, end: 0 }, |(_, place)| place)
    }

    /// The part of the JSON as which one was written: of one that is given by an alias, what the alias stands for.
    #[must_use]
    pub fn written_out(&self, part: Range<usize>) -> Range<usize> {
        self.layer.written_out(part)
    }

    /// The same of every alias within a part, and of those within what they stand for; each with how far from the part's beginning on its
    /// copy stands.
    #[must_use]
    pub fn aliased_within(&self, part: Range<usize>) -> Vec<(Range<usize>, usize)> {
        self.layer.aliased_within(part)
    }

    /// The plain scalar that stands at a part of the JSON, as it is written.
    #[must_use]
    pub fn plain_scalar<'y>(&self, text: &'y str, part: Range<usize>) -> Option<&'y str> {
        self.layer.plain_scalar(text, part)
    }

    /// The YAML `text` with a star in place of each byte that `masked`, the JSON without its secrets, no longer shows.
    #[must_use]
    pub fn mask(&self, text: &str, masked: &str) -> String {
        self.layer.mask(text, &self.json, masked)
    }

    /// The layer of a source map from the JSON to the text.
    #[must_use]
    pub fn into_layer(self) -> Layer {
        self.layer
    }
}
