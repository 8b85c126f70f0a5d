//! A span of the JSON, as a span of the YAML.
//!
//! Each token of the JSON is a segment that knows its place in the YAML. A span begins and ends in segments; within a scalar both
//! texts are walked side by side, because folding, indentation and escapes make them differ.

use std::ops::Range;

use oci_image_schema::diagnostic::Span;
use saphyr_parser::ScalarStyle;

use crate::json_string::first_character;

/// A token of the JSON and its place in the YAML.
#[derive(Debug, Clone)]
pub(super) struct Segment {
    pub(super) json: Range<u32>,
    pub(super) yaml: Range<u32>,
    pub(super) form: Form,
}

/// How a segment is written in the YAML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Begins or ends a list or map.
    Bracket,
    Scalar(ScalarStyle),
    /// A copy of the JSON that begins at this byte.
    Alias(u32),
}

/// Every token, in the order of the JSON.
#[derive(Debug, Default)]
pub(super) struct Places {
    pub(super) segments: Vec<Segment>,
    /// Where in the YAML the values stand of entries that count for nothing, and are not in the JSON.
    pub(super) overridden: Vec<Range<u32>>,
}

/// A length of a text that [`super::MAX_TEXT`] bounds.
pub(super) fn short(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

/// Where a scalar in quotes ends that begins a text: the parser counts a comment after it to it.
pub(super) fn end_of_quoted(text: &str, style: ScalarStyle) -> usize {
    let bytes = text.as_bytes();
    let (quote, sign) = match style {
        ScalarStyle::SingleQuoted => (b'\'', b'\''),
        ScalarStyle::DoubleQuoted => (b'"', b'\\'),
        ScalarStyle::Plain | ScalarStyle::Literal | ScalarStyle::Folded => return text.len(),
    };
    let mut at = 1;
    while let Some(&byte) = bytes.get(at) {
        let is_pair = quote == sign && bytes.get(at + 1) == Some(&quote);
        if byte == sign && (quote != sign || is_pair) {
            at += 2;
        } else if byte == quote {
            return at + 1;
        } else {
            at += 1;
        }
    }
    text.len()
}

/// A range as offsets of a text.
pub(super) fn wide(range: &Range<u32>) -> Range<usize> {
    range.start as usize..range.end as usize
}

impl Places {
    pub(super) fn push(&mut self, json: Range<usize>, yaml: Range<usize>, form: Form) {
        self.segments.push(Segment {
            json: short(json.start)..short(json.end),
            yaml: short(yaml.start)..short(yaml.end),
            form,
        });
    }

    /// Forgets a key and its value, which are cut out of the JSON.
    pub(super) fn forget(&mut self, cut: &Range<usize>) {
        let length = short(cut.len());
        let cut = short(cut.start)..short(cut.end);
        let first = |segment: &Segment| segment.json.start < cut.start;
        let from = self.segments.partition_point(first);
        let past = |segment: &Segment| segment.json.start < cut.end;
        let to = self.segments.partition_point(past);
        let forgotten = self.segments.drain(from..to);
        let values = forgotten.skip(1);
        self.overridden.extend(values.map(|segment| segment.yaml));
        for segment in &mut self.segments[from..] {
            segment.json = segment.json.start - length..segment.json.end - length;
            if let Form::Alias(origin) = &mut segment.form
                && *origin >= cut.end
            {
                *origin -= length;
            }
        }
    }

    /// Where in the YAML the token stands that begins at a byte of the JSON.
    pub(super) fn yaml_at(&self, json: usize) -> Option<Range<usize>> {
        self.segment(short(json)).map(|segment| wide(&segment.yaml))
    }

    /// The segment in which a byte of the JSON stands, or the one before it.
    fn segment(&self, offset: u32) -> Option<&Segment> {
        let after = self
            .segments
            .partition_point(|segment| segment.json.start <= offset);
        self.segments.get(after.checked_sub(1)?)
    }

    pub(super) fn place(&self, text: &str, json: &str, span: Span) -> Span {
        let beyond = self
            .segments
            .last()
            .is_none_or(|last| span.start >= last.json.end);
        let end_of_text = short(text.trim_end().len());
        let Some(first) = self.segment(span.start).filter(|_| !beyond) else {
            return Span {
                start: end_of_text,
                end: end_of_text,
            };
        };
        let start = first.inner(text, json, span.start).start;
        if span.end <= span.start {
            return Span { start, end: start };
        }
        let end = match self.segment(span.end - 1) {
            Some(last) if span.end >= last.json.end => last.yaml.end,
            Some(last) => last.inner(text, json, span.end).end,
            None => start,
        };
        Span {
            start,
            end: end.max(start),
        }
    }

    /// The plain scalar at a part of the JSON; of one that is given by an alias, the one that it stands for.
    pub(super) fn plain_scalar<'y>(&self, text: &'y str, part: Range<usize>) -> Option<&'y str> {
        let mut segment = self.segment(short(part.start))?;
        if let Form::Alias(origin) = segment.form {
            segment = self.segment(origin + short(part.start) - segment.json.start)?;
        }
        let is_plain = segment.form == Form::Scalar(ScalarStyle::Plain);
        is_plain.then(|| text.get(wide(&segment.yaml))).flatten()
    }
}

impl Segment {
    /// From where, or up to where, a span of the YAML reaches that begins, or ends, at a byte of the JSON within this segment.
    /// Where the inside of the segment cannot be told apart, that is all of it.
    fn inner(&self, text: &str, json: &str, offset: u32) -> Range<u32> {
        if offset <= self.json.start {
            return self.yaml.start..self.yaml.start;
        }
        let Form::Scalar(style) = self.form else {
            return self.yaml.clone();
        };
        let (Some(source), Some(literal)) = (
            text.get(wide(&self.yaml)),
            json.get(wide(&self.json))
                .and_then(|quoted| quoted.strip_prefix('"')),
        ) else {
            return self.yaml.clone();
        };
        let within = (offset - self.json.start - 1) as usize;
        match aligned(source, style, literal, within) {
            Some(at) => {
                let at = self.yaml.start + short(at);
                at..at
            }
            None => self.yaml.clone(),
        }
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
        } else if found == character || (found.is_whitespace() && character.is_whitespace()) {
            let doubled = style == ScalarStyle::SingleQuoted && found == '\'';
            return Some(at..at + found.len_utf8() * if doubled { 2 } else { 1 });
        } else if found.is_whitespace() {
            at += found.len_utf8(); // indentation, or a fold
        } else if character.is_whitespace() {
            return Some(at..at); // a blank line before a block scalar, whose place begins after it
        } else {
            return None;
        }
    }
}
