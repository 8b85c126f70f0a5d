//! A parameter of a task file, and where it stands in it.

use std::ops::Range;

use crate::source::form::{Form, Piece, wide};
use crate::source::json_string::written_at;
use crate::source::layer::Layer;

/// A parameter and where it stands.
pub(super) struct Entry {
    pub(super) name: String,
    /// The name's string, with its quotes.
    pub(super) key: Range<usize>,
    pub(super) value: Range<usize>,
    pub(super) is_secret: bool,
}

impl Entry {
    /// Tells where a piece stands of the object that was made of `NAME=value`: in the file, which is `json`. `object` is the object.
    pub(super) fn tell(&self, object: &str, json: &str, piece: &Piece, layer: &mut Layer) {
        let (value, text) = (self.name.len() + 1, wide(&piece.to));
        let (from, origin) = (wide(&piece.from), piece.origin);
        let start = self.byte(json, text.start, false);
        let end = self.byte(json, text.end, true);
        if piece.form != Form::Plain {
            return layer.push_of(origin, from, start..end, Form::Whole);
        }
        let quoted = |has_quote| Form::Quoted { has_quote };
        let is_of_name = text.end < value;
        let in_value = |has_quote| match self.is_whole(json) && !is_of_name {
            true => Form::Whole,
            false => quoted(has_quote),
        };
        if text.start >= value || is_of_name {
            return layer.push_of(origin, from, start..end, in_value(true));
        }
        // The name, and the value after it, which the object has in one string.
        let string = object.get(from.start + 1..from.end).unwrap_or_default();
        let middle = from.start + 1 + written_at(string, value - text.start);
        let name = start..self.byte(json, value, true);
        layer.push_of(origin, from.start..middle, name, quoted(true));
        let place = self.byte(json, value, false)..end;
        layer.push_of(origin, middle..from.end, place, in_value(false));
    }

    /// Where in the file a byte of `NAME=value` stands, with which a part begins or ends.
    fn byte(&self, json: &str, at: usize, is_end: bool) -> usize {
        let value = self.name.len() + 1;
        if at < value {
            return self.key.start + written(&json[self.key.clone()], at);
        }
        match (self.is_whole(json), is_end) {
            (true, false) => self.value.start,
            (true, true) => self.value.end,
            (false, _) => self.value.start + written(&json[self.value.clone()], at - value),
        }
    }

    /// Whether the inside of the value is not told apart.
    fn is_whole(&self, json: &str) -> bool {
        self.is_secret || !json[self.value.clone()].starts_with('"')
    }
}

/// The byte of a JSON string, with its quotes, at which the byte `at` of its characters is written.
fn written(string: &str, at: usize) -> usize {
    1 + written_at(&string[1..], at)
}
