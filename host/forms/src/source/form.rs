//! How a part of one text is written in another, walked character by character: folding, indentation and escapes make the two differ.

use std::ops::Range;

use saphyr_parser::ScalarStyle;

use super::json_string::{first_character, read_before, written_at};

/// A part of one text and its place in another.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    /// In the text that was made.
    pub(crate) from: Range<u32>,
    /// In the text that it was made of.
    pub(crate) to: Range<u32>,
    /// Which of several texts that is, or which part of one: only one is told as a place.
    pub(crate) origin: u32,
    pub(crate) form: Form,
}

/// How a piece is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Its inside is not told apart.
    Whole,
    /// A JSON string, whose characters stand there as they are.
    Plain,
    /// The rest of a JSON string from its quote, or from a byte in it, on; its characters stand in another JSON string.
    Quoted { has_quote: bool },
    /// Begins or ends a list or map of YAML.
    Bracket,
    /// A scalar as YAML writes it.
    Scalar(ScalarStyle),
    /// An alias of YAML: a copy of the JSON that begins at this byte.
    Alias(u32),
}

/// A length of a text that a limit bounds.
pub(crate) fn short(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

/// Whether a sign is white space to YAML. Others of Unicode's are parts of names and values there.
pub(crate) fn is_white(sign: char) -> bool {
    matches!(sign, ' ' | '\t' | '\n' | '\r')
}

/// A range as offsets of a text.
pub(crate) fn wide(range: &Range<u32>) -> Range<usize> {
    range.start as usize..range.end as usize
}

impl Piece {
    /// Where a part begins that begins at a byte of what was made.
    pub(crate) fn begin(&self, from: &str, to: &str, offset: u32) -> u32 {
        if offset <= self.from.start {
            return self.to.start;
        }
        self.walked(from, to, offset).unwrap_or(self.to.start)
    }

    /// Where a part ends that ends at a byte of what was made.
    pub(crate) fn end(&self, from: &str, to: &str, offset: u32) -> u32 {
        if offset >= self.from.end {
            return self.to.end;
        }
        self.walked(from, to, offset).unwrap_or(self.to.end)
    }

    /// The byte of the text that was written at a byte within the piece; nothing where its inside cannot be told apart.
    fn walked(&self, from: &str, to: &str, offset: u32) -> Option<u32> {
        let within = offset.checked_sub(self.from.start)? as usize;
        let made = from.get(wide(&self.from))?;
        let at = match self.form {
            Form::Whole | Form::Bracket | Form::Alias(_) => return None,
            Form::Plain => read_before(made.get(1..)?, within.saturating_sub(1)),
            Form::Quoted { has_quote } => {
                let quote = usize::from(has_quote);
                let read = read_before(made.get(quote..)?, within.saturating_sub(quote));
                written_at(to.get(wide(&self.to))?, read)
            }
            Form::Scalar(style) => {
                let source = to.get(wide(&self.to))?;
                aligned(
                    source,
                    style,
                    made.strip_prefix('"')?,
                    within.checked_sub(1)?,
                )?
            }
        };
        Some(self.to.start + short(at))
    }
}

/// The byte of `source`, a scalar as YAML writes it, at which the character stands that begins at byte `offset` of `literal`, the same
/// as JSON writes it without its first quote.
fn aligned(source: &str, style: ScalarStyle, literal: &str, offset: usize) -> Option<usize> {
    let mut at = match style {
        ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => 1,
        ScalarStyle::Plain | ScalarStyle::Literal | ScalarStyle::Folded => 0,
    };
    let mut read = 0;
    loop {
        let (character, length) = first_character(literal.get(read..)?)?;
        let found = next_place(source, at, style, character)?;
        if read >= offset {
            return Some(found.start);
        }
        (at, read) = (found.end, read + length);
        if read >= offset && literal[read..].starts_with('"') {
            return Some(at);
        }
    }
}
/// Where from byte `at` on the source writes a character.
fn next_place(
    source: &str,
    mut at: usize,
    style: ScalarStyle,
    character: char,
) -> Option<Range<usize>> {
    loop {
        let found = source.get(at..)?.chars().next()?;
        if style == ScalarStyle::DoubleQuoted && found == '\\' {
            let escape = source[at + 1..].chars().next()?;
            let length = match escape {
                'x' => 4,
                'u' => 6,
                'U' => 10,
                _ => 1 + escape.len_utf8(),
            };
            if !matches!(escape, '\n' | '\r') {
                return Some(at..at + length);
            }
            at += length; // a line that goes on
        } else if found == character || (is_white(found) && is_white(character)) {
            let doubled = style == ScalarStyle::SingleQuoted && found == '\'';
            return Some(at..at + found.len_utf8() * if doubled { 2 } else { 1 });
        } else if is_white(found) {
            at += found.len_utf8(); // indentation, or a fold
        } else if is_white(character) {
            return Some(at..at); // a blank line before a block scalar, whose place begins after it
        } else {
            return None;
        }
    }
}
