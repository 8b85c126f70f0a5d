//! Characters to bytes: the parser counts characters.

use std::ops::Range;

use crate::source::form::short;

/// How many characters lie between two places that are remembered.
const STRIDE: usize = 64;

/// Byte offsets of a text's characters. Any order of questions costs the same, so no order of the parser's can cost more.
pub(super) struct Offsets<'y> {
    text: &'y str,
    /// The byte offset of every [`STRIDE`]th character; empty if all are one byte long.
    strides: Vec<u32>,
}

impl<'y> Offsets<'y> {
    pub(super) fn new(text: &'y str) -> Self {
        let strides = if text.is_ascii() {
            Vec::new()
        } else {
            let starts = text.char_indices().step_by(STRIDE);
            starts.map(|(at, _)| short(at)).collect()
        };
        Self { text, strides }
    }

    /// The byte at which character `index` begins; the text's end if there is none.
    pub(super) fn at(&self, index: usize) -> usize {
        if self.strides.is_empty() {
            return index.min(self.text.len());
        }
        let Some(stride) = self.strides.get(index / STRIDE) else {
            return self.text.len();
        };
        let start = *stride as usize;
        self.text[start..]
            .char_indices()
            .nth(index % STRIDE)
            .map_or(self.text.len(), |(at, _)| start + at)
    }

    /// The bytes of the parser's span.
    pub(super) fn range(&self, span: saphyr_parser::Span) -> Range<usize> {
        let start = self.at(span.start.index());
        start..self.at(span.end.index()).max(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_found_in_any_order() {
        let text = "aä€😀".repeat(100);
        let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        let offsets = Offsets::new(&text);

        for index in (0..400).rev() {
            assert_eq!(offsets.at(index), starts[index]);
        }
        assert_eq!(offsets.at(400), text.len());
        assert_eq!(offsets.at(9000), text.len());
        assert_eq!(Offsets::new("abc").at(7), 3);
    }
}
