//! Build arguments in YAML: one map of names to plain values.
//!
//! A value is the scalar's own text (`1.10` stays `1.10`, `yes` stays `yes`), and a null is empty, as the reference reads it into
//! strings. An alias is what its anchor marked, `<<` adds what the map does not say itself, and of several documents the first is
//! read. Lists and maps as values are refused: no argument could be meant by them.
//!
//! Source: YAML 1.2 through `saphyr-parser`, chosen because it gives events with places and builds no tree; the merge key of YAML 1.1.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use oci_image_schema::code::Code;
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, StrInput, Tag};

use crate::findings::{Findings, Origin, quoted};
use crate::json::{MAX_ELEMENTS, Text};
use crate::pair::{PairKind, Pairs, name_is_sound};

/// How deep maps may stand in each other by `<<`.
const MAX_MERGES: usize = 8;
/// The most bytes that aliases may stand for: as many as a file may hold without them.
const MAX_ALIASED: usize = 1 << 20;

/// Reads the map in `text`, the contents of the file at `path`.
pub(crate) fn read<'t>(
    findings: &mut Findings<'t>,
    pairs: &mut Pairs<'t>,
    path: &Text<'t>,
    text: &str,
) {
    let mut reader = YamlReader::new(text);
    let origin = Origin::File { path, start: 0 };
    let mut entries = Vec::new();
    let read = reader.document(&mut entries);
    for YamlEntry { name, value } in entries {
        let start = name.range.start;
        let origin = Origin::File { path, start };
        if name_is_sound(findings, PairKind::BuildArg, &name.text, &origin) {
            pairs.insert(findings, (&name.text, &value), &origin, path);
        }
    }
    if let Err(mistake) = read {
        let finding = origin.report(findings, Code::InvalidYaml, mistake.range, mistake.message);
        finding.help("write one map of names to plain values, as in `VERSION: \"1.10\"`");
    } else if let Some(range) = reader.rest() {
        let message = "the file holds a second document, and nothing of it is read";
        origin
            .report(findings, Code::OddEntry, range, message)
            .help("write all arguments into the first");
    }
}

struct YamlMistake {
    range: Range<usize>,
    message: String,
}

impl YamlMistake {
    fn new(range: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            range,
            message: message.into(),
        }
    }
}

/// A scalar, and its place in bytes.
#[derive(Clone)]
struct Scalar<'y> {
    text: Cow<'y, str>,
    range: Range<usize>,
}

/// A name with its value.
#[derive(Clone)]
struct YamlEntry<'y> {
    name: Scalar<'y>,
    value: Cow<'y, str>,
}

/// What an anchor marks.
enum Anchored<'y> {
    Scalar(Cow<'y, str>),
    Map(Vec<YamlEntry<'y>>),
}

struct YamlReader<'y> {
    parser: Parser<'y, StrInput<'y>>,
    offsets: Offsets<'y>,
    anchored: BTreeMap<usize, Anchored<'y>>,
    /// How many bytes aliases have stood for.
    aliased: usize,
}

impl<'y> YamlReader<'y> {
    fn new(text: &'y str) -> Self {
        Self {
            parser: Parser::new_from_str(text),
            offsets: Offsets {
                text,
                index: 0,
                byte: 0,
            },
            anchored: BTreeMap::new(),
            aliased: 0,
        }
    }

    /// The entries of the first document's map, as far as it can be read; none if it holds nothing.
    fn document(&mut self, entries: &mut Vec<YamlEntry<'y>>) -> Result<(), YamlMistake> {
        loop {
            match self.next()? {
                (Event::StreamEnd | Event::DocumentEnd, _) => return Ok(()),
                (Event::MappingStart(anchor, _), _) => self.map(anchor, 0, entries)?,
                (Event::Scalar(text, style, _, tag), _)
                    if is_null(&text, style, tag.as_deref()) => {}
                (Event::StreamStart | Event::DocumentStart(_), _) => {}
                (_, range) => return Err(YamlMistake::new(range, "the file holds no map")),
            }
        }
    }

    /// Where more stands after the first document. What it is does not matter: nobody reads it.
    fn rest(&mut self) -> Option<Range<usize>> {
        match self.next() {
            Ok((Event::StreamEnd, _)) => None,
            Ok((_, range)) | Err(YamlMistake { range, .. }) => Some(range),
        }
    }

    /// The entries of a map that has begun, with those that it merges.
    fn map(
        &mut self,
        anchor: usize,
        depth: usize,
        entries: &mut Vec<YamlEntry<'y>>,
    ) -> Result<(), YamlMistake> {
        let mut merged = Vec::new();
        loop {
            let name = match self.next()? {
                (Event::MappingEnd, _) => break,
                (Event::Scalar(text, ScalarStyle::Plain, ..), range) if text == "<<" => {
                    self.merge(depth + 1, &range, &mut merged)?;
                    continue;
                }
                (event, range) => self.scalar(event, range, "a name")?,
            };
            let (event, range) = self.next()?;
            let value = self.scalar(event, range, "a value")?.text;
            entries.push(YamlEntry { name, value });
        }
        let names = entries.iter().map(|entry: &YamlEntry<'_>| &entry.name.text);
        let mut names: BTreeSet<_> = names.cloned().collect();
        merged.retain(|entry: &YamlEntry<'_>| names.insert(entry.name.text.clone()));
        entries.extend(merged);
        if anchor > 0 {
            let anchored = Anchored::Map(entries.clone());
            self.anchored.insert(anchor, anchored);
        }
        Ok(())
    }

    /// Adds what stands after `<<`: a map, or a list of them.
    fn merge(
        &mut self,
        depth: usize,
        place: &Range<usize>,
        merged: &mut Vec<YamlEntry<'y>>,
    ) -> Result<(), YamlMistake> {
        if depth > MAX_MERGES {
            let message = format!("maps stand deeper in each other than {MAX_MERGES}");
            return Err(YamlMistake::new(place.clone(), message));
        }
        match self.next()? {
            (Event::SequenceStart(..), _) => loop {
                match self.next()? {
                    (Event::SequenceEnd, _) => return Ok(()),
                    (event, range) => self.merge_one(&event, range, depth, merged)?,
                }
            },
            (event, range) => self.merge_one(&event, range, depth, merged),
        }
    }

    fn merge_one(
        &mut self,
        event: &Event<'y>,
        range: Range<usize>,
        depth: usize,
        merged: &mut Vec<YamlEntry<'y>>,
    ) -> Result<(), YamlMistake> {
        match event {
            Event::MappingStart(anchor, _) => {
                let mut entries = Vec::new();
                self.map(*anchor, depth, &mut entries)?;
                merged.append(&mut entries);
            }
            Event::Alias(anchor) => match self.anchored.get(anchor) {
                Some(Anchored::Map(entries)) => {
                    let size = |entry: &YamlEntry<'_>| entry.name.text.len() + entry.value.len();
                    self.aliased += entries.iter().map(size).sum::<usize>();
                    merged.extend(entries.iter().cloned());
                }
                _ => {
                    return Err(YamlMistake::new(
                        range,
                        "expected a map after `<<`, found an alias of something else",
                    ));
                }
            },
            _ => return Err(YamlMistake::new(range, "expected a map after `<<`")),
        }
        if merged.len() > MAX_ELEMENTS || self.aliased > MAX_ALIASED {
            let message = "aliases and `<<` stand for more than a file may hold";
            return Err(YamlMistake::new(range, message));
        }
        Ok(())
    }

    /// The scalar that an event is, or stands for.
    fn scalar(
        &mut self,
        event: Event<'y>,
        range: Range<usize>,
        what: &str,
    ) -> Result<Scalar<'y>, YamlMistake> {
        let found = match event {
            Event::Scalar(text, _, _, Some(tag)) if is_core(&tag, "binary") => {
                return Err(YamlMistake::new(
                    range,
                    format!("{} has a tag", quoted(&text)),
                ));
            }
            Event::Scalar(text, style, anchor, tag) => {
                let is_null = is_null(&text, style, tag.as_deref());
                let text = if is_null { "".into() } else { text };
                if anchor > 0 {
                    let anchored = Anchored::Scalar(text.clone());
                    self.anchored.insert(anchor, anchored);
                }
                return Ok(Scalar { text, range });
            }
            Event::Alias(anchor) => {
                if let Some(Anchored::Scalar(text)) = self.anchored.get(&anchor) {
                    let text = text.clone();
                    return self.aliased(text, range);
                }
                "an alias of something else"
            }
            Event::SequenceStart(..) => "a list",
            Event::MappingStart(..) => "a map",
            _ => "the end",
        };
        let message = format!("expected {what}, found {found}");
        Err(YamlMistake::new(range, message))
    }

    fn aliased(
        &mut self,
        text: Cow<'y, str>,
        range: Range<usize>,
    ) -> Result<Scalar<'y>, YamlMistake> {
        self.aliased += text.len();
        if self.aliased > MAX_ALIASED {
            let message = format!("aliases stand for more than {MAX_ALIASED} bytes");
            return Err(YamlMistake::new(range, message));
        }
        Ok(Scalar { text, range })
    }

    fn next(&mut self) -> Result<(Event<'y>, Range<usize>), YamlMistake> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => Ok((
                event,
                self.offsets.at(span.start)..self.offsets.at(span.end),
            )),
            Some(Err(error)) => Err(self.syntax(&error)),
            None => Ok((Event::StreamEnd, 0..0)),
        }
    }

    fn syntax(&mut self, error: &ScanError) -> YamlMistake {
        let at = self.offsets.at(*error.marker());
        let length = self.offsets.text[at..]
            .chars()
            .next()
            .map_or(0, char::len_utf8);
        let message = format!("this is not YAML: {}", error.info());
        YamlMistake::new(at..at + length, message)
    }
}

/// Whether a scalar stands for nothing.
fn is_null(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> bool {
    match tag {
        Some(tag) => is_core(tag, "null"),
        None => style == ScalarStyle::Plain && matches!(text, "" | "~" | "null" | "Null" | "NULL"),
    }
}

/// Whether a tag is the one of YAML's own with this name.
fn is_core(tag: &Tag, name: &str) -> bool {
    tag.is_yaml_core_schema() && tag.suffix == name
}

/// Turns the parser's places, which count characters, into bytes. They mostly ascend, so it walks on from the last one.
struct Offsets<'y> {
    text: &'y str,
    index: usize,
    byte: usize,
}

impl Offsets<'_> {
    fn at(&mut self, place: Marker) -> usize {
        if place.index() < self.index {
            (self.index, self.byte) = (0, 0);
        }
        for character in self.text[self.byte..]
            .chars()
            .take(place.index() - self.index)
        {
            self.index += 1;
            self.byte += character.len_utf8();
        }
        self.byte
    }
}

#[cfg(test)]
mod tests;
