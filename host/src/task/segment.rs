//! A token of the object, and where in a variable it stands.

use std::ops::Range;

use crate::json_string::first_character;

/// A token of the JSON and the variable that it came from.
pub(super) struct Segment {
    pub(super) json: Range<usize>,
    /// The variable's index.
    pub(super) variable: usize,
    /// Where in the variable's text it stands.
    pub(super) text: Range<usize>,
    /// Whether it is a JSON string whose characters are those of the text.
    pub(super) is_copy: bool,
}

impl Segment {
    /// The byte of the variable's text at which a part of the JSON begins that begins at this byte.
    pub(super) fn begin(&self, json: &str, offset: usize) -> usize {
        if self.is_copy {
            self.copied(json, offset)
        } else {
            self.text.start
        }
    }

    /// The byte of the variable's text at which a part of the JSON ends that ends at this byte.
    pub(super) fn end(&self, json: &str, offset: usize) -> usize {
        if self.is_copy {
            self.copied(json, offset)
        } else {
            self.text.end
        }
    }

    /// The byte of the variable's text that was written at this byte of the JSON, or was the first after it.
    fn copied(&self, json: &str, offset: usize) -> usize {
        let string = &json[self.json.clone()];
        let mut read = 1;
        let mut at = self.text.start;
        while self.json.start + read < offset {
            let Some((character, length)) = first_character(&string[read..]) else {
                break;
            };
            at += character.len_utf8();
            read += length;
        }
        at
    }
}
