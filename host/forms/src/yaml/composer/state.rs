//! What has been composed so far, and what is open: one event after the other.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use oci_image_schema::code::Code;
use oci_image_schema::diagnostic::Diagnostic;
use saphyr_parser::{Event, Parser, ScalarStyle, StrInput, Tag};

use crate::source::Layer;
use crate::source::form::{Form, is_white, short};
use crate::yaml::document::{Document, MAX_TEXT};
use crate::yaml::merge::Merges;
use crate::yaml::mistake::too_large;
use crate::yaml::offsets::Offsets;
use crate::yaml::scalar::Dialect;
use crate::yaml::unread;

/// Nothing more can be read; why was reported.
pub(in crate::yaml) struct Stop;

/// A list or map that is not at its end.
pub(super) struct Open {
    pub(super) is_map: bool,
    pub(super) anchor: usize,
    pub(super) json_start: usize,
    /// How many keys and values were written.
    pub(super) count: usize,
    /// How deep what it holds nests so far.
    pub(super) height: usize,
    pub(super) merges: Merges,
}

impl Open {
    /// Whether a key comes next.
    pub(super) fn takes_key(&self) -> bool {
        self.is_map && self.count.is_multiple_of(2)
    }
}

/// What an anchor stands for: a part of the JSON.
pub(super) struct Anchored {
    pub(super) json: Range<usize>,
    /// How deep it nests; 0 for a scalar.
    pub(super) height: usize,
    /// Whether it is a map that was merged where it is written: its entries, without brackets of their own.
    pub(super) is_merged: bool,
}

impl Anchored {
    /// It as a map with its brackets, or with the signs that stand in their place.
    pub(super) fn bracketed(&self) -> Range<usize> {
        match self.is_merged {
            true => self.json.start - 1..self.json.end + 1,
            false => self.json.clone(),
        }
    }
}

/// A scalar as the parser gives it.
pub(super) struct Scalar<'y> {
    pub(super) text: Cow<'y, str>,
    pub(super) style: ScalarStyle,
    pub(super) anchor: usize,
    pub(super) tag: Option<Cow<'y, Tag>>,
    pub(super) range: Range<usize>,
}

pub(in crate::yaml) struct Composer<'y> {
    pub(super) text: &'y str,
    pub(super) dialect: Dialect,
    pub(super) parser: Parser<'y, StrInput<'y>>,
    pub(super) offsets: Offsets<'y>,
    pub(super) json: String,
    /// Where each token of the JSON stands in the text.
    pub(super) layer: Layer,
    pub(super) open: Vec<Open>,
    pub(super) anchors: BTreeMap<usize, Anchored>,
    /// How many bytes of maps were merged, taken over or not.
    pub(super) merged: usize,
    /// Where a second document begins.
    pub(super) end: usize,
    pub(super) mistakes: Vec<Diagnostic>,
}

impl<'y> Composer<'y> {
    pub(in crate::yaml) fn new(text: &'y str, dialect: Dialect) -> Self {
        Self {
            text,
            dialect,
            parser: Parser::new_from_str(text),
            offsets: Offsets::new(text),
            json: String::with_capacity(text.len()),
            layer: Layer::default(),
            open: Vec::new(),
            anchors: BTreeMap::new(),
            merged: 0,
            end: text.len(),
            mistakes: Vec::new(),
        }
    }

    pub(in crate::yaml) fn compose(mut self) -> Result<Document, Vec<Diagnostic>> {
        let read = self.read();
        if read.is_err() {
            return Err(self.mistakes);
        }
        if self.json.is_empty() {
            self.json.push_str("null");
            let end = self.text.trim_end_matches(is_white).len();
            self.layer
                .push(0..4, end..end, Form::Scalar(ScalarStyle::Plain));
        }
        let unread = unread::parts(self.text, &self.layer, self.end);
        self.layer.unread.extend(unread);
        self.layer.end = Some(short(self.text.trim_end_matches(is_white).len()));
        Ok(Document {
            json: self.json,
            layer: self.layer,
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

    pub(super) fn takes_key(&self) -> bool {
        self.open.last().is_some_and(Open::takes_key)
    }

    /// Writes what stands between the values before and the one that comes.
    pub(super) fn separate(&mut self) {
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

    pub(super) fn remember(&mut self, anchor: usize, json: Range<usize>, height: usize) {
        if anchor > 0 {
            let is_merged = false;
            self.anchors.insert(
                anchor,
                Anchored {
                    json,
                    height,
                    is_merged,
                },
            );
        }
    }

    /// Ends the reading if the JSON, with so many bytes more, is longer than an object may be.
    pub(super) fn fits(&mut self, more: usize, range: &Range<usize>) -> Result<(), Stop> {
        if self.json.len() + more <= MAX_TEXT {
            return Ok(());
        }
        self.mistakes.push(too_large(range.clone()));
        Err(Stop)
    }
}
