//! Where in the files of a build something stands.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer};

use crate::failure::LineRange;

/// A file that the frontend has read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "WireSource")]
pub struct SourceFile {
    /// Its name, as the frontend knows it: `Dockerfile`; empty in answers that name none.
    pub filename: String,
    /// Its whole text.
    pub data: Vec<u8>,
}

/// `pb.SourceInfo`, or only its text; in base64.
#[derive(Deserialize)]
#[serde(untagged)]
enum WireSource {
    Text(String),
    Info {
        #[serde(default)]
        filename: String,
        #[serde(default)]
        data: String,
    },
}

impl TryFrom<WireSource> for SourceFile {
    type Error = base64::DecodeError;

    fn try_from(wire: WireSource) -> Result<Self, Self::Error> {
        let (filename, data) = match wire {
            WireSource::Text(data) => (String::new(), data),
            WireSource::Info { filename, data } => (filename, data),
        };
        let data = STANDARD.decode(data)?;
        Ok(Self { filename, data })
    }
}

/// Lines of one of those files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "WireLocation")]
pub struct Location {
    /// Which of the answer's files it is, counted from 0.
    pub source: usize,
    /// The lines, each with those that follow it.
    pub ranges: Vec<LineRange>,
}

/// `pb.Location`, as Go's `encoding/json` writes it: a zero is left out.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct WireLocation {
    source_index: usize,
    ranges: Vec<WireRange>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireRange {
    start: WirePosition,
    end: WirePosition,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WirePosition {
    line: u32,
}

impl From<WireLocation> for Location {
    fn from(wire: WireLocation) -> Self {
        let range = |range: WireRange| LineRange::new(range.start.line, range.end.line);
        Self {
            source: wire.source_index,
            ranges: wire.ranges.into_iter().map(range).collect(),
        }
    }
}

/// A list that is null where it is empty, as Go writes one.
pub(super) fn or_none<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    list: D,
) -> Result<Vec<T>, D::Error> {
    Ok(Option::<Vec<T>>::deserialize(list)?.unwrap_or_default())
}
