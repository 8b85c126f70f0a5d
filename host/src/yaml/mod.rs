//! A request written in YAML, as the JSON that means the same, with the place of every value in the YAML.
//!
//! The planner reads JSON and counts its bytes. Here a YAML text becomes such JSON in one pass over the parser's events, and each
//! token of it remembers where it stands in the YAML, down to the characters of a scalar: so what the planner says about
//! the third line of a block scalar is shown on that line.
//!
//! The subset is the one that JSON can say: maps, lists and scalars. Plain scalars mean what the core schema of YAML 1.2 says (`yes` is
//! a string, `1.10` a number), or in a task file what Concourse makes of them (`yes` is true, `1.10` is `1.1`). Anchors and
//! merge keys are expanded within the object's own limit. Of several documents the first is read, as Concourse does.
//!
//! - `composer`: events to JSON.
//! - `merge`: merge keys.
//! - `mistake`: what is refused, and what is odd.
//! - `tag`: what a tag makes of a value.
//! - `scalar`: what a plain scalar is.
//! - `offsets`: characters, which the parser counts, to bytes.
//! - `places`: a span of the JSON, as a span of the YAML.
//! - `secrets`: the YAML text without what is secret in the JSON.
//!
//! Reads, writes: nothing. Unknown here: the keys of the object.
//! Source: YAML 1.2.2, chapters 7, 8 and 10.3 (core schema), through `saphyr-parser`, which gives events with places and builds no tree.

mod composer;
mod merge;
mod mistake;
mod offsets;
mod places;
mod scalar;
mod secrets;
mod tag;

use std::ops::Range;

use oci_image_schema::diagnostic::{Diagnostic, Span};

use self::composer::Composer;
use self::places::Places;

pub use self::scalar::Dialect;

/// How long the text, and the JSON that it becomes, may be, in bytes.
// The planner's limit on the object: a longer one would be refused anyway. It is also what ends an expansion of aliases
// of aliases, before it takes memory.
pub const MAX_TEXT: usize = 4 << 20;
/// How deep lists and maps may nest; the object's own rules need four.
pub const MAX_DEPTH: usize = 64;

/// A YAML text as JSON.
#[derive(Debug)]
pub struct Document {
    json: String,
    places: Places,
    /// Where what is read ends: a second document is not.
    end: usize,
    /// What is refused although it can be read, and what is odd: tags, further documents. Places are those of the YAML.
    pub mistakes: Vec<Diagnostic>,
}

/// Reads the first document of a YAML text.
///
/// # Errors
/// What is wrong, in the order of the text, if from some place on nothing can be read. Places are those of the YAML.
pub fn read(text: &str, dialect: Dialect) -> Result<Document, Vec<Diagnostic>> {
    if text.len() > MAX_TEXT {
        return Err(vec![mistake::too_large(0..0)]);
    }
    Composer::new(text, dialect).compose()
}

impl Document {
    /// The JSON that means the same.
    #[must_use]
    pub fn json(&self) -> &str {
        &self.json
    }

    /// The place in the YAML `text` of a span of the JSON; that may have been masked since.
    #[must_use]
    pub fn place(&self, text: &str, json: &str, span: Span) -> Span {
        self.places.place(text, json, span)
    }

    /// The plain scalar that stands at a part of the JSON, as it is written.
    #[must_use]
    pub fn plain_scalar<'y>(&self, text: &'y str, part: Range<usize>) -> Option<&'y str> {
        self.places.plain_scalar(text, part)
    }

    /// The YAML `text` with a star in place of each byte that `masked`, the JSON without its secrets, no longer shows.
    #[must_use]
    pub fn mask(&self, text: &str, masked: &str) -> String {
        let mut shown = secrets::mask(text, &self.places, &self.json, masked);
        let rest = secrets::mask_unread(&shown[self.end..]);
        shown.replace_range(self.end.., &rest);
        shown
    }

    /// Forgets the JSON as it was read, and keeps `masked`, which is as long, in its place.
    pub fn keep_masked(&mut self, masked: String) {
        self.json = masked;
    }
}

/// A text that could not be read as YAML, as far as it may be shown: nothing after the first name that may stand before a secret.
#[must_use]
pub fn mask_unread(text: &str) -> String {
    secrets::mask_unread(text)
}

#[cfg(test)]
mod tests;
