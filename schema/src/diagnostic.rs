//! A defect of a request, or a remark about it, as data. Hosts draw it; nothing here knows a terminal.
//!
//! Source: `planner.wit`, interface `diagnostics`.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::code::Code;

pub use crate::code::Severity;

/// Bytes `start..end` of a UTF-8 text, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
}

impl Span {
    /// The bytes of a range; what no span can say, of a text longer than any that is read, is clamped.
    #[must_use]
    pub fn of(range: Range<usize>) -> Self {
        let short = |offset| u32::try_from(offset).unwrap_or(u32::MAX);
        Self {
            start: short(range.start),
            end: short(range.end),
        }
    }

    /// The same as a range.
    #[must_use]
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A place in a file that the object names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct FilePlace {
    /// The path as the object wrote it.
    pub path: String,
    /// The bytes of its text.
    pub span: Span,
}

/// Where the cause of a diagnostic stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// In the text of the object.
    Object(Span),
    /// In a file that the object names.
    File(FilePlace),
}

/// One defect or remark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct Diagnostic {
    /// Stable name of the rule: `unknown-key`.
    pub code: String,
    /// Error or warning.
    pub severity: Severity,
    /// JSON Pointer (RFC 6901) of the value within the object; empty for the object itself.
    pub pointer: String,
    /// Where the cause stands in a text; absent only where there is none.
    pub place: Option<Place>,
    /// What is wrong, in one line.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The values that would be right, where they can be listed.
    pub allowed: Vec<String>,
}

impl Diagnostic {
    /// A breach of a rule, as severe as the rule says: about the object itself and at no place, until more is said.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code: code.name().to_owned(),
            severity: code.severity(),
            pointer: String::new(),
            place: None,
            message: message.into(),
            help: None,
            allowed: Vec::new(),
        }
    }

    /// Where the cause stands.
    #[must_use]
    pub fn at(self, place: Place) -> Self {
        let place = Some(place);
        Self { place, ..self }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Self {
        let help = Some(help.into());
        Self { help, ..self }
    }
}

/// A key as a token of a JSON Pointer (RFC 6901, section 3).
#[must_use]
pub fn pointer_token(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
