//! Scalars as they are read: what each is, and where it stands.

use std::ops::Range;

use oci_image_schema::code::Code;
use saphyr_parser::ScalarStyle;

use super::state::{Composer, Scalar, Stop};
use crate::source::form::{Form, is_white};
use crate::yaml::mistake::swallows_an_item;
use crate::yaml::scalar::{Dialect, Plain};
use crate::yaml::tag::{self, Tagged};

/// What ends a line (YAML 1.2.2, 5.4): either alone too.
const LINE_ENDS: [char; 2] = ['\n', '\r'];

impl Composer<'_> {
    pub(super) fn scalar(&mut self, scalar: &Scalar<'_>) -> Result<(), Stop> {
        let has_properties = scalar.anchor > 0 || scalar.tag.is_some();
        let range = if has_properties {
            self.without_properties(scalar.range.clone(), scalar.style)
        } else {
            scalar.range.clone()
        };
        let place = self.scalar_place(range);
        let length = end_of_quoted(&self.text[place.clone()], scalar.style);
        let place = place.start..place.start + length;
        let is_key = self.takes_key();
        if self.wants_map() {
            return Err(self.stop_at_merge(place));
        }
        if is_key && scalar.text == "<<" && is_merge(scalar) {
            return self.begin_merge(place);
        }
        self.separate();
        let start = self.json.len();
        match self.value(scalar, &place)? {
            Plain::Text => write_string(&mut self.json, &scalar.text),
            _ if is_key => write_string(&mut self.json, &scalar.text),
            Plain::Null => self.json.push_str("null"),
            Plain::True => self.json.push_str("true"),
            Plain::False => self.json.push_str("false"),
            Plain::Number(number) => self.json.push_str(&number),
            Plain::NoNumber => self.json.push('0'),
        }
        self.fits(0, &place)?;
        let json = start..self.json.len();
        if let Some(open) = self.open.last_mut().filter(|_| is_key) {
            open.merges.write(self.dialect);
        }
        self.layer
            .push(json.clone(), place, Form::Scalar(scalar.style));
        self.remember(scalar.anchor, json, 0);
        Ok(())
    }

    /// What a scalar is; what is odd or wrong about it is told.
    fn value<'s>(
        &mut self,
        scalar: &'s Scalar<'_>,
        place: &Range<usize>,
    ) -> Result<Plain<'s>, Stop> {
        let Some(tag) = &scalar.tag else {
            if scalar.style != ScalarStyle::Plain {
                return Ok(Plain::Text);
            }
            let plain = Plain::of(self.dialect, &scalar.text);
            if plain == Plain::NoNumber && self.dialect == Dialect::Concourse {
                let message = "this is an infinity, or no number, and Concourse takes neither";
                self.refuse(
                    Code::UnsupportedYaml,
                    place.clone(),
                    message,
                    "put it in quotes",
                )?;
            } else if plain == Plain::Text && swallows_an_item(&scalar.text) {
                let message = "this is one text, and looks like several items of a list";
                let help = "begin each item on a line of its own, its `-` below the one before; or put the text in quotes";
                self.remark(Code::SwallowedItem, place.clone(), message, help);
            }
            return Ok(plain);
        };
        match tag::scalar(self.dialect, tag, &scalar.text) {
            Tagged::Value(value) => Ok(value),
            Tagged::Unknown => {
                self.unknown_tag(tag, place);
                Ok(Plain::Text)
            }
            Tagged::Refused => {
                let message = format!("this value is not what its {} says", tag::named(tag));
                let help = "remove the tag; a text that looks like a number is put in quotes";
                self.refuse(Code::UnsupportedYaml, place.clone(), &message, help)?;
                Ok(Plain::Text)
            }
        }
    }

    /// A scalar's place without the anchor and tag, and the header after them, that the parser counts to it.
    fn without_properties(&self, range: Range<usize>, style: ScalarStyle) -> Range<usize> {
        let mut start = range.start;
        loop {
            let rest = &self.text[start..range.end];
            let end = match rest.bytes().next() {
                Some(b'&' | b'!') => rest.find(is_white),
                // A comment after them, which no scalar begins like.
                Some(b'#') => rest.find(LINE_ENDS),
                _ => break,
            };
            start = range.end
                - rest[end.unwrap_or(rest.len())..]
                    .trim_start_matches(is_white)
                    .len();
        }
        let rest = &self.text[start..range.end];
        if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
            let header = rest.find(LINE_ENDS).unwrap_or(rest.len());
            start = range.end - rest[header..].trim_start_matches(is_white).len();
        }
        start..range.end
    }

    /// Where a scalar stands, without the blank lines after it. One that is left out stands where the sign before it is: `:`, `-`.
    fn scalar_place(&self, range: Range<usize>) -> Range<usize> {
        if !range.is_empty() {
            let written = &self.text[range.clone()];
            let first = written.chars().next().map_or(0, char::len_utf8);
            return range.start..range.start + written.trim_end_matches(is_white).len().max(first);
        }
        if self.text[range.start..].starts_with([':', '-']) {
            return range.start..range.start + 1;
        }
        let before = self.text[..range.start].trim_end_matches(is_white);
        if before.ends_with([':', '-', ',', '[', '{', '?']) {
            before.len() - 1..before.len()
        } else {
            range
        }
    }
}

/// Writes a text as JSON.
fn write_string(json: &mut String, text: &str) {
    json.push('"');
    let mut rest = text;
    while let Some(at) = rest.find(|sign: char| matches!(sign, '"' | '\\' | '\0'..='\u{1f}')) {
        let sign = rest.as_bytes()[at];
        json.push_str(&rest[..at]);
        if sign < 0x20 {
            json.push_str(&format!("\\u{sign:04x}"));
        } else {
            json.extend(['\\', char::from(sign)]);
        }
        rest = &rest[at + 1..];
    }
    json.push_str(rest);
    json.push('"');
}

/// Whether a key `<<` merges: one in quotes is a name.
fn is_merge(scalar: &Scalar<'_>) -> bool {
    match &scalar.tag {
        None => scalar.style == ScalarStyle::Plain,
        Some(tag) => tag.suffix == "merge",
    }
}

/// Where a scalar in quotes ends that begins a text: the parser counts a comment after it to it.
fn end_of_quoted(text: &str, style: ScalarStyle) -> usize {
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
