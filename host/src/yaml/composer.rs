//! Events of the YAML parser to JSON.
//!
//! One pass, without recursion: lists and maps that are open stand on a stack. What is refused but can be read past is
//! collected, so that one run shows every mistake.

use std::collections::BTreeMap;
use std::ops::Range;

use oci_image_schema::code::Code;
use oci_image_schema::diagnostic::{Diagnostic, Place, Span};
use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, StrInput, Tag};

use super::offsets::Offsets;
use super::places::{Form, Places, short};
use super::scalar::{Plain, json_number};
use super::{Document, MAX_DEPTH, MAX_TEXT};

/// How many mistakes are collected.
const MOST: usize = 100;

/// Nothing more can be read; why was reported.
struct Stop;

/// A list or map that is not at its end.
struct Open {
    is_map: bool,
    anchor: usize,
    json_start: usize,
    /// How many keys and values were written.
    count: usize,
    /// How deep what it holds nests so far.
    height: usize,
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

pub(super) struct Composer<'y> {
    text: &'y str,
    parser: Parser<'y, StrInput<'y>>,
    offsets: Offsets<'y>,
    json: String,
    places: Places,
    open: Vec<Open>,
    anchors: BTreeMap<usize, Anchored>,
    mistakes: Vec<Diagnostic>,
}

impl<'y> Composer<'y> {
    pub(super) fn new(text: &'y str) -> Self {
        Self {
            text,
            parser: Parser::new_from_str(text),
            offsets: Offsets::new(text),
            json: String::with_capacity(text.len()),
            places: Places::default(),
            open: Vec::new(),
            anchors: BTreeMap::new(),
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
            mistakes: self.mistakes,
        })
    }

    fn read(&mut self) -> Result<(), Stop> {
        loop {
            let (event, range) = self.next()?;
            match event {
                Event::StreamEnd => return Ok(()),
                Event::DocumentStart(_) if !self.json.is_empty() => {
                    let message = "a second document begins here";
                    let help = "keep one: a request is one document";
                    return Err(self.stop(Code::UnsupportedYaml, range, message, help));
                }
                Event::Nothing
                | Event::StreamStart
                | Event::DocumentStart(_)
                | Event::DocumentEnd => {}
                Event::Alias(anchor) => self.alias(anchor, range)?,
                Event::Scalar(text, style, anchor, tag) => {
                    self.refuse_tag(tag.as_deref(), &range)?;
                    let style = style_meant(style, tag.as_deref());
                    let range = if anchor > 0 || tag.is_some() {
                        self.without_properties(range, style)
                    } else {
                        range
                    };
                    self.scalar(&text, style, anchor, range)?;
                }
                Event::SequenceStart(anchor, tag) => {
                    self.refuse_tag(tag.as_deref(), &range)?;
                    self.enter(false, anchor, range)?;
                }
                Event::MappingStart(anchor, tag) => {
                    self.refuse_tag(tag.as_deref(), &range)?;
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

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        range: Range<usize>,
    ) -> Result<(), Stop> {
        let is_key = self.takes_key();
        if is_key && style == ScalarStyle::Plain && text == "<<" {
            let message = "`<<` merges maps in YAML 1.1 alone, and readers do not agree on it";
            let help = "write the keys out, or give a whole list or map by an alias";
            self.refuse(Code::UnsupportedYaml, range.clone(), message, help)?;
        }
        self.separate();
        let start = self.json.len();
        match Plain::of(text) {
            Plain::Text => write_string(&mut self.json, text),
            _ if is_key || style != ScalarStyle::Plain => write_string(&mut self.json, text),
            Plain::Null => self.json.push_str("null"),
            Plain::True => self.json.push_str("true"),
            Plain::False => self.json.push_str("false"),
            Plain::Number => self.json.push_str(json_number(text)),
        }
        let place = self.scalar_place(range);
        self.fits(0, &place)?;
        let json = start..self.json.len();
        self.places.push(json.clone(), place, Form::Scalar(style));
        self.remember(anchor, json, 0);
        Ok(())
    }

    /// A scalar's place without the anchor and tag, and the header after them, that the parser counts to it.
    fn without_properties(&self, range: Range<usize>, style: ScalarStyle) -> Range<usize> {
        let mut start = range.start;
        while self.text[start..range.end].starts_with(['&', '!']) {
            let rest = &self.text[start..range.end];
            let name = rest.find(char::is_whitespace).unwrap_or(rest.len());
            start = range.end - rest[name..].trim_start().len();
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
            let written = self.text[range.clone()].trim_end().len();
            return range.start..range.start + written.max(1);
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
        if self.takes_key() && !self.json[json.start..].starts_with('"') {
            return Err(self.stop_at_key(range));
        }
        if self.open.len() + height > MAX_DEPTH {
            return Err(self.too_deep(range));
        }
        self.fits(json.len(), &range)?;
        self.separate();
        let start = self.json.len();
        self.json.extend_from_within(json.clone());
        self.places.push(
            start..self.json.len(),
            range,
            Form::Alias(short(json.start)),
        );
        self.grow(height);
        Ok(())
    }

    fn enter(&mut self, is_map: bool, anchor: usize, range: Range<usize>) -> Result<(), Stop> {
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
        });
        self.fits(0, &range)
    }

    fn leave(&mut self, range: Range<usize>) -> Result<(), Stop> {
        let Some(open) = self.open.pop() else {
            return Ok(()); // the parser ends only what it began
        };
        let start = self.json.len();
        self.json.push(if open.is_map { '}' } else { ']' });
        let end = self.places.segments.last().map_or(0, |last| last.yaml.end) as usize;
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

    fn refuse_tag(&mut self, tag: Option<&Tag>, range: &Range<usize>) -> Result<(), Stop> {
        let Some(tag) = tag else { return Ok(()) };
        let name = tag.to_string().replace("tag:yaml.org,2002:!", "!!");
        let message = format!("this value has the tag `{name}`, and tags are not read");
        let help = "remove the tag; a text that looks like a number is put in quotes";
        self.refuse(Code::UnsupportedYaml, range.clone(), &message, help)
    }

    fn refuse(
        &mut self,
        code: Code,
        range: Range<usize>,
        message: &str,
        help: &str,
    ) -> Result<(), Stop> {
        if self.mistakes.len() < MOST {
            self.mistakes.push(mistake(code, range, message).help(help));
            return Ok(());
        }
        let message = "there are more mistakes than are shown";
        self.mistakes
            .push(mistake(Code::TooManyMistakes, range, message));
        Err(Stop)
    }

    fn stop(&mut self, code: Code, range: Range<usize>, message: &str, help: &str) -> Stop {
        self.mistakes.push(mistake(code, range, message).help(help));
        Stop
    }

    fn stop_at_key(&mut self, range: Range<usize>) -> Stop {
        let message = "a key must be a string, and this is none";
        let help = "in `key: value` the key is a name; a value that begins with `{` or `[` is put in quotes to be a string";
        self.stop(Code::UnsupportedYaml, range, message, help)
    }

    fn too_deep(&mut self, range: Range<usize>) -> Stop {
        let message = format!("lists and maps nest deeper than {MAX_DEPTH}");
        let help = "no key of the object takes more than three levels";
        self.stop(Code::UnsupportedYaml, range, &message, help)
    }

    fn syntax(&mut self, error: &ScanError) -> Stop {
        let at = self.offsets.at(error.marker().index());
        let length = self.text[at..].chars().next().map_or(0, char::len_utf8);
        if error.info().contains("recursion limit") {
            return self.too_deep(at..at + length); // the parser reads ahead of its events
        }
        let message = format!("this is not YAML: {}", error.info());
        let mut found = mistake(Code::InvalidYaml, at..at + length, &message);
        found.help = advice(error.info(), &self.text[at..]).map(str::to_owned);
        self.mistakes.push(found);
        Stop
    }
}

/// What to do about an error in the parser's words, where there is one likely cause.
fn advice(info: &str, rest: &str) -> Option<&'static str> {
    if rest.trim().is_empty() && !info.contains("tab") {
        Some("something is open at the end of the text: a `[`, a `{` or a quote")
    } else if rest.starts_with('\t') || info.contains("tab") {
        Some("indent with blanks: YAML takes no tabs there")
    } else if info.contains("mapping values are not allowed") {
        Some("put a value that holds `: ` in quotes, and begin each key on a line of its own")
    } else if info.contains("valid YAML whitespace") || info.contains("simple key expect") {
        Some("write `key: value`, with a blank after the colon")
    } else if info.contains("in quoted scalar") {
        Some("close the quote, or indent the lines on which it goes on")
    } else if info.contains("did not find expected key") {
        Some("indent the keys of one map alike, and the items of one list")
    } else if info.contains("unknown anchor") {
        Some(
            "an alias `*name` stands for an earlier `&name`; a text that begins with `*` is put in quotes",
        )
    } else if rest.starts_with(['@', '`', '%', '|', '>', '!', '&', '*']) {
        Some("put a text that begins with this sign in quotes")
    } else {
        None
    }
}

/// A scalar with the tag of a string is read as one, so that it is one mistake and not two.
fn style_meant(style: ScalarStyle, tag: Option<&Tag>) -> ScalarStyle {
    match tag {
        Some(tag) if style == ScalarStyle::Plain && tag.suffix == "str" => {
            ScalarStyle::SingleQuoted
        }
        _ => style,
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

/// The one mistake of a text, or of what it expands to, that is too long.
pub(super) fn too_large(range: Range<usize>) -> Diagnostic {
    let message = format!("the object holds more than {MAX_TEXT} bytes, its aliases expanded");
    let help = "put long lists into files: `build_args_file`, `labels_file`";
    mistake(Code::ObjectTooLarge, range, &message).help(help)
}

fn mistake(code: Code, range: Range<usize>, message: &str) -> Diagnostic {
    let span = Span {
        start: short(range.start),
        end: short(range.end),
    };
    Diagnostic::new(code, message).at(Place::Object(span))
}
