//! Places of a text as a client counts them: lines, and units within one; and the bytes that they are.
//!
//! Source: Language Server Protocol 3.17, text documents: a line ends with `\n`, `\r\n` or `\r`; a place beyond its end is its end.

use std::ops::Range;

use lsp_types::{Position, Range as ClientRange};

/// What a client counts within a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Unit {
    /// Bytes.
    Utf8,
    /// Units of UTF-16: what every client can count.
    #[default]
    Utf16,
}

/// Where the lines of a text are.
#[derive(Debug, Clone, Default)]
pub(super) struct LineIndex {
    /// The byte at which each begins but the first.
    starts: Vec<usize>,
}

impl Unit {
    fn of(self, sign: char) -> usize {
        match self {
            Self::Utf8 => sign.len_utf8(),
            Self::Utf16 => sign.len_utf16(),
        }
    }
}

impl LineIndex {
    /// That of a text.
    pub(super) fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut starts = Vec::new();
        for (at, byte) in bytes.iter().enumerate() {
            let is_end = match byte {
                b'\n' => true,
                b'\r' => bytes.get(at + 1) != Some(&b'\n'),
                _ => false,
            };
            if is_end {
                starts.push(at + 1);
            }
        }
        Self { starts }
    }

    /// The bytes of a line, without its end; the end of the text if it has no such line.
    fn line(&self, text: &str, number: usize) -> Range<usize> {
        let start = match number.checked_sub(1) {
            None => Some(0),
            Some(before) => self.starts.get(before).copied(),
        };
        let Some(start) = start else {
            return text.len()..text.len();
        };
        let end = self.starts.get(number).copied().unwrap_or(text.len());
        start..start + text[start..end].trim_end_matches(['\r', '\n']).len()
    }

    /// The line in which a byte stands, from 0, and where that begins.
    pub(super) fn line_at(&self, offset: usize) -> (usize, usize) {
        let number = self.starts.partition_point(|start| *start <= offset);
        let start = number
            .checked_sub(1)
            .map_or(0, |before| self.starts[before]);
        (number, start)
    }

    /// The byte at a place; that of the sign in whose midst it is.
    pub(super) fn offset(&self, text: &str, unit: Unit, place: Position) -> usize {
        let line = self.line(text, place.line as usize);
        let mut left = place.character as usize;
        let mut at = line.start;
        for sign in text[line].chars() {
            let length = unit.of(sign);
            if length > left {
                break;
            }
            left -= length;
            at += sign.len_utf8();
        }
        at
    }

    /// The bytes between two places, in whichever order.
    pub(super) fn bytes(&self, text: &str, unit: Unit, range: ClientRange) -> Range<usize> {
        let (start, end) = (
            self.offset(text, unit, range.start),
            self.offset(text, unit, range.end),
        );
        start.min(end)..start.max(end)
    }

    /// The place of a byte.
    pub(super) fn place(&self, text: &str, unit: Unit, offset: usize) -> Position {
        let offset = text.floor_char_boundary(offset.min(text.len()));
        let (line, start) = self.line_at(offset);
        let before = &text[start..offset];
        let units: usize = match unit {
            Unit::Utf8 => before.len(),
            Unit::Utf16 => before.chars().map(|sign| unit.of(sign)).sum(),
        };
        Position::new(short(line), short(units))
    }

    /// The places of bytes.
    pub(super) fn range(&self, text: &str, unit: Unit, bytes: Range<usize>) -> ClientRange {
        ClientRange::new(
            self.place(text, unit, bytes.start),
            self.place(text, unit, bytes.end),
        )
    }
}

fn short(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_units_of_the_client_and_lines_of_every_kind() {
        let text = "aä😀b\r\n\rc\nd";
        let index = LineIndex::of(text);
        for (unit, columns) in [
            (Unit::Utf8, [0, 1, 3, 7, 8]),
            (Unit::Utf16, [0, 1, 2, 4, 5]),
        ] {
            for (offset, column) in [0, 1, 3, 7, 8].into_iter().zip(columns) {
                let place = Position::new(0, column);
                assert_eq!(index.place(text, unit, offset), place, "{unit:?}");
                assert_eq!(index.offset(text, unit, place), offset, "{unit:?}");
            }
        }
        for (line, column, byte) in [(1, 0, 10), (2, 0, 11), (2, 1, 12), (3, 1, 14), (3, 0, 13)] {
            let place = Position::new(line, column);
            assert_eq!(index.offset(text, Unit::Utf16, place), byte);
            assert_eq!(index.place(text, Unit::Utf16, byte), place);
        }
    }

    #[test]
    fn place_that_is_none_is_the_nearest_one_before() {
        let text = "a😀\r\nb";
        let index = LineIndex::of(text);
        for (line, column, expected) in [(0, 2, 1), (0, 99, 5), (1, 99, 8), (9, 0, 8)] {
            let place = Position::new(line, column);
            assert_eq!(index.offset(text, Unit::Utf16, place), expected);
        }
        assert_eq!(index.place(text, Unit::Utf8, 3), Position::new(0, 1));
        assert_eq!(index.place(text, Unit::Utf8, 99), Position::new(1, 1));
        assert_eq!(
            LineIndex::of("").offset("", Unit::Utf16, Position::new(3, 3)),
            0
        );
    }
}
