//! Shapes: whether a text is a message or an object, and in which language it is written.
//!
//! Reads and writes: nothing. Unknown here: whether it is sound.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::inline_secrets::Reading;

/// The keys that tell a message from an object.
#[derive(Default, Deserialize)]
struct Keys<'text> {
    #[serde(borrow)]
    object: Option<&'text RawValue>,
    #[serde(borrow)]
    response_path: Option<&'text RawValue>,
    #[serde(borrow)]
    context: Option<&'text RawValue>,
    #[serde(borrow)]
    output: Option<&'text RawValue>,
}

/// Which of them a text has.
#[derive(Debug, Default)]
pub struct Shape {
    has_object: bool,
    has_response_path: bool,
    has_context: bool,
    has_output: bool,
    /// Whether they can be told at all.
    is_known: bool,
}

impl Shape {
    /// That of a JSON text.
    #[must_use]
    pub fn of(reading: &Reading<'_>) -> Self {
        let Some(entries) = reading.outline.entries() else {
            let keys = serde_json::from_str::<Keys<'_>>(reading.text());
            return keys.map_or_else(|_| Self::default(), Into::into);
        };
        let mut shape = Self {
            is_known: true,
            ..Self::default()
        };
        let mut seen = Vec::new();
        for (name, value) in entries {
            let has = match name {
                "object" => &mut shape.has_object,
                "response_path" => &mut shape.has_response_path,
                "context" => &mut shape.has_context,
                "output" => &mut shape.has_output,
                _ => continue,
            };
            if seen.contains(&name) {
                return Self::default();
            }
            seen.push(name);
            *has = reading.text().get(value) != Some("null");
        }
        shape
    }

    /// Whether a JSON text, where either may come, is a message, right or wrong, and not an object.
    #[must_use]
    pub fn is_message(&self, text: &str) -> bool {
        match self.is_known {
            true => self.has_object || self.has_response_path,
            false => text.contains("\"object\""),
        }
    }

    /// Whether a JSON text, where an object is meant to come, is a message and has nothing of an object.
    #[must_use]
    pub fn is_message_alone(&self) -> bool {
        self.has_object && !self.has_context && !self.has_output
    }

    /// Whether a JSON text, which nobody said to be one, is an object.
    #[must_use]
    pub fn is_surely_object(&self) -> bool {
        self.has_context && self.has_output
    }

    /// Whether a JSON text, which nobody said to be one, is a message.
    #[must_use]
    pub fn is_surely_message(&self) -> bool {
        self.has_object && self.has_response_path
    }

    /// Whether a JSON text, where a message is meant to come, is an object and has nothing of a message.
    #[must_use]
    pub fn is_object(&self) -> bool {
        let is_message = self.has_object || self.has_response_path;
        !is_message && (self.has_context || self.has_output)
    }
}

impl From<Keys<'_>> for Shape {
    fn from(keys: Keys<'_>) -> Self {
        Self {
            has_object: keys.object.is_some(),
            has_response_path: keys.response_path.is_some(),
            has_context: keys.context.is_some(),
            has_output: keys.output.is_some(),
            is_known: true,
        }
    }
}

/// Whether a text of which nobody says more begins as JSON: an object in YAML that begins with a brace is named so, or said to be.
#[must_use]
pub fn begins_as_json(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    text.starts_with(['{', '[', '"'])
}

/// Whether a text begins as a Dockerfile does, and neither JSON nor a map in YAML can.
#[must_use]
pub fn is_dockerfile(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim_start);
    let first = lines.find(|line| !line.is_empty() && !line.starts_with('#'));
    let mut words = first.unwrap_or_default().split_whitespace();
    let instruction = words.next().unwrap_or_default();
    let is_first = ["FROM", "ARG"]
        .iter()
        .any(|name| instruction.eq_ignore_ascii_case(name));
    is_first && words.next().is_some_and(|word| word != ":")
}
