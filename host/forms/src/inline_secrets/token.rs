//! Tokens of a text that is JSON, or was meant to be.

use std::borrow::Cow;
use std::ops::Range;

/// A string: from its quote to past the other one.
pub(super) struct StringToken {
    pub(super) start: usize,
    pub(super) content: Range<usize>,
    pub(super) end: usize,
}

/// The string whose quote stands at `start`. One that is not closed ends with the text.
pub(super) fn string_at(text: &[u8], start: usize) -> StringToken {
    let mut at = start + 1;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'"' => {
                return StringToken {
                    start,
                    content: start + 1..at,
                    end: at + 1,
                };
            }
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    StringToken {
        start,
        content: start + 1..text.len(),
        end: text.len(),
    }
}

pub(super) fn skip_space(text: &[u8], from: usize) -> usize {
    text[from..]
        .iter()
        .position(|byte| !byte.is_ascii_whitespace())
        .map_or(text.len(), |space| from + space)
}

/// The length of what is neither a string nor a sign of JSON nor white space: a number, a name, or no JSON.
pub(super) fn word_length(text: &[u8]) -> usize {
    text.iter()
        .position(|byte| b"{}[],:\" \t\r\n".contains(byte))
        .unwrap_or(text.len())
}

/// What a string of JSON says, if it is text: without a copy where none of its signs is escaped.
pub(super) fn read(quoted: &str) -> Option<Cow<'_, str>> {
    let as_written = serde_json::from_str(quoted).map(Cow::Borrowed);
    let escaped = |_| serde_json::from_str(quoted).map(Cow::Owned);
    as_written.or_else(escaped).ok()
}
