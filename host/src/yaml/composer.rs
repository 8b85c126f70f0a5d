//! Events of the YAML parser to JSON.
//!
//! One pass, without recursion: lists and maps that are open stand on a stack. What is refused but can be read past is
//! collected, so that one run shows every mistake.
//!
//! - `merges`: merge keys.
//! - `refusals`: what is refused, and what is odd.

mod merges;
mod refusals;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use oci_image_schema::code::Code;
use oci_image_schema::diagnostic::Diagnostic;
use saphyr_parser::{Event, Parser, ScalarStyle, StrInput, Tag};

use super::merge::Merges;
use super::mistake::{swallows_an_item, too_large};
use super::offsets::Offsets;
use super::places::{Form, Places, end_of_quoted, short};
use super::scalar::{Dialect, Plain};
use super::tag::{self, Tagged};
use super::{Document, MAX_DEPTH, MAX_TEXT};

/// Nothing more can be read; why was reported.
pub(super) struct Stop;

/// A list or map that is not at its end.
struct Open {
    is_map: bool,
    anchor: usize,
    json_start: usize,
    /// How many keys and values were written.
    count: usize,
    /// How deep what it holds nests so far.
    height: usize,
    merges: Merges,
}

impl Open {
    /// Whether a key comes next.
    fn takes_key(&self) -> bool {
        self.is_map && self.count.is_multiple_of(2)
    }
}

/// What an anchor stands for: a part of the JSON.
struct Anchored {
    json: Range<usize>,
    /// How deep it nests; 0 for a scalar.
    height: usize,
}

/// A scalar as the parser gives it.
struct Scalar<'y> {
    text: Cow<'y, str>,
    style: ScalarStyle,
    anchor: usize,
    tag: Option<Cow<'y, Tag>>,
    range: Range<usize>,
}

pub(super) struct Composer<'y> {
    text: &'y str,
    dialect: Dialect,
    parser: Parser<'y, StrInput<'y>>,
    offsets: Offsets<'y>,
    json: String,
    places: Places,
    open: Vec<Open>,
    anchors: BTreeMap<usize, Anchored>,
    /// How many bytes of maps were merged, taken over or not.
    merged: usize,
    /// Where a second document begins.
    end: usize,
    mistakes: Vec<Diagnostic>,
}

impl<'y> Composer<'y> {
    pub(super) fn new(text: &'y str, dialect: Dialect) -> Self {
        Self {
            text,
            dialect,
            parser: Parser::new_from_str(text),
            offsets: Offsets::new(text),
            json: String::with_capacity(text.len()),
            places: Places::default(),
            open: Vec::new(),
            anchors: BTreeMap::new(),
            merged: 0,
            end: text.len(),
            mistakes: Vec::new(),
        }
    }

    pub(super) fn compose(mut self) -> Result<Document, Vec<Diagnostic>> {
        let read = self.read();
        if read.is_err() {
            return Err(self.mistakes);
        }
        if self.json.is_empty() {
            self.json.push_str("null");
            let end = self.text.trim_end().len();
            self.places
                .push(0..4, end..end, Form::Scalar(ScalarStyle::Plain));
        }
        Ok(Document {
            json: self.json,
            places: self.places,
            end: self.end,
            mistakes: self.mistakes,
        })
    }

    fn read(&mut self) -> Result<(), Stop> {
        loop {
            let (event, range) = self.next()?;
            match event {
                Event::StreamEnd => return Ok(()),
                Event::DocumentStart(_) if !self.json.is_empty() => {
                    self.end = range.start;
                    let message = "a second document begins here, and counts for nothing";
                    let help = "remove it: the first one is read, as Concourse does";
                    self.remark(Code::IgnoredYaml, range, message, help);
                    return Ok(());
                }
                Event::Nothing
                | Event::StreamStart
                | Event::DocumentStart(_)
                | Event::DocumentEnd => {}
                Event::Alias(anchor) => self.alias(anchor, range)?,
                Event::Scalar(text, style, anchor, tag) => self.scalar(&Scalar {
                    text,
                    style,
                    anchor,
                    tag,
                    range,
                })?,
                Event::SequenceStart(anchor, tag) => {
                    self.judge_tag(tag.as_deref(), &range);
                    self.enter(false, anchor, range)?;
                }
                Event::MappingStart(anchor, tag) => {
                    self.judge_tag(tag.as_deref(), &range);
                    self.enter(true, anchor, range)?;
                }
                Event::SequenceEnd | Event::MappingEnd => self.leave(range)?,
            }
        }
    }

    fn next(&mut self) -> Result<(Event<'y>, Range<usize>), Stop> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => Ok((event, self.offsets.range(span))),
            Some(Err(error)) => Err(self.syntax(&error)),
            None => Ok((Event::StreamEnd, 0..0)),
        }
    }

    fn scalar(&mut self, scalar: &Scalar<'_>) -> Result<(), Stop> {
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
        self.places
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
                Some(b'&' | b'!') => rest.find(char::is_whitespace),
                // A comment after them, which no scalar begins like.
                Some(b'#') => rest.find('\n'),
                _ => break,
            };
            start = range.end - rest[end.unwrap_or(rest.len())..].trim_start().len();
        }
        let rest = &self.text[start..range.end];
        if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
            let header = rest.find('\n').unwrap_or(rest.len());
            start = range.end - rest[header..].trim_start().len();
        }
        start..range.end
    }

    /// Where a scalar stands, without the blank lines after it. One that is left out stands where the sign before it is: `:`, `-`.
    fn scalar_place(&self, range: Range<usize>) -> Range<usize> {
        if !range.is_empty() {
            let written = &self.text[range.clone()];
            let first = written.chars().next().map_or(0, char::len_utf8);
            return range.start..range.start + written.trim_end().len().max(first);
        }
        if self.text[range.start..].starts_with([':', '-']) {
            return range.start..range.start + 1;
        }
        let before = self.text[..range.start].trim_end();
        if before.ends_with([':', '-', ',', '[', '{', '?']) {
            before.len() - 1..before.len()
        } else {
            range
        }
    }

    fn alias(&mut self, anchor: usize, range: Range<usize>) -> Result<(), Stop> {
        let Some(Anchored { json, height }) = self.anchors.get(&anchor) else {
            let message = "the alias stands within what it stands for";
            let help = "write the value out";
            return Err(self.stop(Code::UnsupportedYaml, range, message, help));
        };
        let (json, height) = (json.clone(), *height);
        if self.wants_map() {
            return self.merge_alias(json, height, range);
        }
        let is_key = self.takes_key();
        if is_key && !self.json[json.start..].starts_with('"') {
            return Err(self.stop_at_key(range));
        }
        if self.open.len() + height > MAX_DEPTH {
            return Err(self.too_deep(range));
        }
        self.fits(json.len(), &range)?;
        self.separate();
        self.copy(json, range, is_key);
        self.grow(height);
        Ok(())
    }

    /// Writes a part of the JSON again.
    fn copy(&mut self, json: Range<usize>, alias: Range<usize>, is_key: bool) {
        let start = self.json.len();
        self.json.extend_from_within(json.clone());
        let written = start..self.json.len();
        if let Some(open) = self.open.last_mut().filter(|_| is_key) {
            open.merges.write(self.dialect);
        }
        self.places
            .push(written, alias, Form::Alias(short(json.start)));
    }

    fn enter(&mut self, is_map: bool, anchor: usize, range: Range<usize>) -> Result<(), Stop> {
        if self.wants_map() {
            return self.enter_merge(is_map, anchor, range);
        }
        if self.takes_key() {
            return Err(self.stop_at_key(range));
        }
        if self.open.len() == MAX_DEPTH {
            return Err(self.too_deep(range));
        }
        self.separate();
        let json_start = self.json.len();
        self.json.push(if is_map { '{' } else { '[' });
        let first = self.text[range.start..].chars().next();
        let end = range.start + first.map_or(0, char::len_utf8);
        self.places
            .push(json_start..json_start + 1, range.start..end, Form::Bracket);
        self.open.push(Open {
            is_map,
            anchor,
            json_start,
            count: 0,
            height: 0,
            merges: Merges::default(),
        });
        self.fits(0, &range)
    }

    fn leave(&mut self, range: Range<usize>) -> Result<(), Stop> {
        let is_below_merge = |open: &mut Open| open.merges.leave();
        if self.open.last_mut().is_some_and(is_below_merge) {
            return Ok(());
        }
        let end = self.places.segments.last().map_or(0, |last| last.yaml.end) as usize;
        self.merge()?;
        let Some(open) = self.open.pop() else {
            return Ok(()); // the parser ends only what it began
        };
        let start = self.json.len();
        self.json.push(if open.is_map { '}' } else { ']' });
        let place = if range.is_empty() { end..end } else { range };
        self.fits(0, &place)?;
        self.places.push(start..start + 1, place, Form::Bracket);
        self.remember(open.anchor, open.json_start..start + 1, open.height + 1);
        self.grow(open.height + 1);
        Ok(())
    }

    fn takes_key(&self) -> bool {
        self.open.last().is_some_and(Open::takes_key)
    }

    /// Writes what stands between the values before and the one that comes.
    fn separate(&mut self) {
        let Some(open) = self.open.last_mut() else {
            return;
        };
        if open.is_map && !open.takes_key() {
            self.json.push(':');
        } else if open.count > 0 {
            self.json.push(',');
        }
        open.count += 1;
    }

    fn remember(&mut self, anchor: usize, json: Range<usize>, height: usize) {
        if anchor > 0 {
            self.anchors.insert(anchor, Anchored { json, height });
        }
    }

    fn grow(&mut self, height: usize) {
        if let Some(open) = self.open.last_mut() {
            open.height = open.height.max(height);
        }
    }

    /// Ends the reading if the JSON, with so many bytes more, is longer than an object may be.
    fn fits(&mut self, more: usize, range: &Range<usize>) -> Result<(), Stop> {
        if self.json.len() + more <= MAX_TEXT {
            return Ok(());
        }
        self.mistakes.push(too_large(range.clone()));
        Err(Stop)
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
