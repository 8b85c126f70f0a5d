//! JSON with places: a value is a piece of the object's text, and knows where it begins.
//!
//! `serde_json` judges the whole text once, without recursion; after that a piece is split one level deep when somebody asks, by
//! looking for its commas alone. So duplicate keys and places are kept, and 10,000 nested lists cost neither stack nor memory.
//! Splitting by `serde_json` itself cost 60 KB of the component more, most of it for numbers, of which the object has none.
//!
//! - `text`: strings, with the place of each byte.
//! - `pointers`: JSON Pointers from places.
//!
//! Unknown here: the keys of the object. Source: RFC 8259; `serde_json::value::RawValue`.

mod pointers;
mod text;

use oci_image_schema::diagnostic::Span;
use serde_json::value::RawValue;

pub(crate) use self::pointers::pointers;
pub(crate) use self::text::Text;

/// The most elements of a list or map that are read.
pub(crate) const MAX_ELEMENTS: usize = 10_000;

/// The type of a JSON value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Object,
    List,
    String,
    Number,
    Boolean,
    Null,
}

impl Kind {
    /// The type with its article, for a message.
    pub(crate) const fn phrase(self) -> &'static str {
        match self {
            Self::Object => "a map",
            Self::List => "a list",
            Self::String => "a string",
            Self::Number => "a number",
            Self::Boolean => "a boolean",
            Self::Null => "null",
        }
    }
}

/// A valid JSON value within the object's text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node<'t> {
    raw: &'t str,
    start: usize,
}

/// The members of a list or map, or of a string with commas between.
pub(crate) struct Members<T> {
    /// At most [`MAX_ELEMENTS`] of them.
    pub(crate) list: Vec<T>,
    /// Whether there are more.
    pub(crate) more: bool,
}

impl<'t> Node<'t> {
    /// The value that is the whole of `text`.
    ///
    /// # Errors
    ///
    /// Where and why it is not JSON.
    pub(crate) fn root(text: &'t str) -> Result<Self, serde_json::Error> {
        let raw: &RawValue = serde_json::from_str(text)?;
        let start = text.len() - text.trim_ascii_start().len();
        Ok(Self {
            raw: raw.get(),
            start,
        })
    }

    pub(crate) fn start(self) -> usize {
        self.start
    }

    pub(crate) fn end(self) -> usize {
        self.start + self.raw.len()
    }

    pub(crate) fn span(self) -> Span {
        Span::of(self.start..self.end())
    }

    pub(crate) fn kind(self) -> Kind {
        match self.raw.as_bytes().first() {
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::List,
            Some(b'"') => Kind::String,
            Some(b't' | b'f') => Kind::Boolean,
            Some(b'n') => Kind::Null,
            _ => Kind::Number,
        }
    }

    pub(crate) fn is_true(self) -> bool {
        self.raw == "true"
    }

    /// The string, if this is one that UTF-8 can hold (JSON can also write half of a surrogate pair).
    pub(crate) fn text(self) -> Option<Text<'t>> {
        Text::of(self)
    }

    /// The entries of an object, keys and values; of anything else, none.
    pub(crate) fn entries(self) -> Members<(Node<'t>, Node<'t>)> {
        let mut split = Split::new(self, Kind::Object);
        let list = std::iter::from_fn(|| Some((split.next()?, split.next()?)))
            .take(MAX_ELEMENTS)
            .collect();
        Members {
            list,
            more: split.next().is_some(),
        }
    }

    /// The elements of a list; of anything else, none.
    pub(crate) fn elements(self) -> Members<Node<'t>> {
        let mut split = Split::new(self, Kind::List);
        let list = split.by_ref().take(MAX_ELEMENTS).collect();
        Members {
            list,
            more: split.next().is_some(),
        }
    }
}

/// The values within a list or object, keys included, in the order of the text. The text is valid JSON, so nothing is judged here.
struct Split<'t> {
    outer: Node<'t>,
    at: usize,
}

impl<'t> Split<'t> {
    fn new(outer: Node<'t>, kind: Kind) -> Self {
        let at = if outer.kind() == kind {
            1
        } else {
            outer.raw.len()
        };
        Self { outer, at }
    }

    /// The offset after the value at `start`: behind the closing quote or bracket, or before what ends a number or word.
    fn end_of(&self, start: usize) -> usize {
        let bytes = self.outer.raw.as_bytes();
        let (mut at, mut depth) = (start, 0_usize);
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'"' => at = end_of_string(bytes, at),
                b'[' | b'{' => depth += 1,
                b']' | b'}' if depth == 0 => return at,
                b']' | b'}' => depth -= 1,
                b',' | b':' | b' ' | b'\t' | b'\n' | b'\r' if depth == 0 => return at,
                _ => {}
            }
            at += 1;
            if depth == 0 && matches!(byte, b'"' | b']' | b'}') {
                break;
            }
        }
        at
    }
}

/// The offset of the quote that ends the string which begins at `start`.
fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => break,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    at
}

impl<'t> Iterator for Split<'t> {
    type Item = Node<'t>;

    fn next(&mut self) -> Option<Node<'t>> {
        let bytes = self.outer.raw.as_bytes();
        while matches!(
            bytes.get(self.at)?,
            b',' | b':' | b' ' | b'\t' | b'\n' | b'\r'
        ) {
            self.at += 1;
        }
        if self.at + 1 >= bytes.len() {
            return None; // the bracket that ends the container
        }
        let start = self.at;
        self.at = self.end_of(start);
        Some(Node {
            raw: &self.outer.raw[start..self.at],
            start: self.outer.start + start,
        })
    }
}

#[cfg(test)]
mod tests;
