//! Build arguments in YAML: one map of names to plain values.
//!
//! A value is the scalar's own text (`1.10` stays `1.10`, `yes` stays `yes`), and a null is empty, as the reference reads it into
//! strings. Lists, maps within the map, anchors, tags and further documents are refused: no argument could be meant by them.
//!
//! Source: YAML 1.2 through `saphyr-parser`, chosen because it gives events with places and builds no tree.

use std::ops::Range;

use oci_image_schema::code::Code;
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, StrInput};

use crate::findings::{Findings, Origin, quoted};
use crate::json::Text;
use crate::pair::{PairKind, Pairs, name_is_sound};

/// Reads the map in `text`, the contents of the file at `path`.
pub(crate) fn read<'t>(
    findings: &mut Findings<'t>,
    pairs: &mut Pairs<'t>,
    path: &Text<'t>,
    text: &str,
) {
    let mut map = Map {
        parser: Parser::new_from_str(text),
        offsets: Offsets {
            text,
            index: 0,
            byte: 0,
        },
    };
    if let Err(mistake) = map.read(findings, pairs, path) {
        let origin = Origin::File { path, start: 0 };
        let finding = origin.report(findings, Code::InvalidYaml, mistake.range, mistake.message);
        finding.help("write one map of names to plain values, as in `VERSION: \"1.10\"`");
    }
}

struct Mistake {
    range: Range<usize>,
    message: String,
}

/// A scalar, and its place in bytes.
struct Scalar<'y> {
    text: std::borrow::Cow<'y, str>,
    range: Range<usize>,
}

struct Map<'y> {
    parser: Parser<'y, StrInput<'y>>,
    offsets: Offsets<'y>,
}

impl<'y> Map<'y> {
    fn read<'t>(
        &mut self,
        findings: &mut Findings<'t>,
        pairs: &mut Pairs<'t>,
        path: &Text<'t>,
    ) -> Result<(), Mistake> {
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => return Ok(()),
                (Event::MappingStart(0, None), _) => break,
                (Event::Scalar(text, ScalarStyle::Plain, ..), _) if is_null(&text) => {}
                (Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd, _) => {}
                (_, range) => {
                    return Err(Mistake {
                        range,
                        message: "the file holds no map".to_owned(),
                    });
                }
            }
        }
        while let Some(name) = self.scalar("a name")? {
            let Some(value) = self.scalar("a value")? else {
                break;
            };
            let origin = Origin::File {
                path,
                start: name.range.start,
            };
            if name_is_sound(findings, PairKind::BuildArg, &name.text, &origin) {
                pairs.insert(findings, (&name.text, &value.text), &origin, path);
            }
        }
        self.end()
    }

    /// After the map nothing may follow.
    fn end(&mut self) -> Result<(), Mistake> {
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => return Ok(()),
                (Event::DocumentEnd, _) => {}
                (_, range) => {
                    return Err(Mistake {
                        range,
                        message: "the file holds a second document".to_owned(),
                    });
                }
            }
        }
    }

    /// The next scalar, or nothing at the map's end.
    fn scalar(&mut self, what: &str) -> Result<Option<Scalar<'y>>, Mistake> {
        let (found, range) = match self.next()? {
            (Event::Scalar(text, style, _, None), range) => {
                let is_null = style == ScalarStyle::Plain && is_null(&text);
                let text = if is_null { "".into() } else { text };
                return Ok(Some(Scalar { text, range }));
            }
            (Event::MappingEnd, _) => return Ok(None),
            (Event::SequenceStart(..), range) => ("a list", range),
            (Event::MappingStart(..), range) => ("a map", range),
            (Event::Alias(_), range) => ("an alias", range),
            (Event::Scalar(text, ..), range) => {
                return Err(Mistake {
                    range,
                    message: format!("{} has a tag", quoted(&text)),
                });
            }
            (_, range) => ("the end", range),
        };
        Err(Mistake {
            range,
            message: format!("expected {what}, found {found}"),
        })
    }

    fn next(&mut self) -> Result<(Event<'y>, Range<usize>), Mistake> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => Ok((
                event,
                self.offsets.at(span.start)..self.offsets.at(span.end),
            )),
            Some(Err(error)) => Err(self.syntax(&error)),
            None => Ok((Event::StreamEnd, 0..0)),
        }
    }

    fn syntax(&mut self, error: &ScanError) -> Mistake {
        let at = self.offsets.at(*error.marker());
        let length = self.offsets.text[at..]
            .chars()
            .next()
            .map_or(0, char::len_utf8);
        Mistake {
            range: at..at + length,
            message: format!("this is not YAML: {}", error.info()),
        }
    }
}

fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
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
