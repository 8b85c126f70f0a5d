//! What of a request's text is masked.
//!
//! One token after the other: no recursion, and no end before the text's, so that what is no JSON is gone through as well.

use std::ops::Range;

use oci_image_schema::parameter::{FAMILIES, PARAMETERS};
use serde_json::value::RawValue;

use super::{SECRETS, TEXT};
use crate::secret_name;

/// For whom a text is masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Audience {
    /// The planner: it is given all that it judges, so only what the contract calls a secret, and the wrong forms of that.
    Planner,
    /// Whoever reads a report: names count however they are spelt, and a path is shown only if it can be nothing else.
    Reader,
}

/// The keys whose maps have names of the user's own, of which `text` may be one.
const MAPS_OF_NAMES: [&str; 2] = ["context_inputs", "registries"];

/// The keys of a whole file beside those that parameters stand for: of an object, a message and a task.
const OF_FILES: [&str; 16] = [
    "$schema",
    "output",
    "cache",
    "context_inputs",
    "registries",
    "object",
    "response_path",
    "platform",
    "run",
    "params",
    "inputs",
    "outputs",
    "caches",
    "image_resource",
    "rootfs_uri",
    "container_limits",
];

/// What is masked.
#[derive(Debug)]
pub(super) enum Place {
    /// The content of a string, without its quotes.
    Text(Range<usize>),
    /// A number, or what is no JSON at all.
    Word(Range<usize>),
}

/// A list or map that is open.
struct Open {
    is_map: bool,
    /// The key whose value comes next or is being read.
    key: Option<String>,
    /// Whether every value in it is masked.
    masked: bool,
    /// Whether its keys are masked too; those of a secret itself are not if they are words, so that a mistyped one can be told.
    masks_keys: bool,
}

/// The places.
pub(super) struct Places<'text> {
    text: &'text str,
    audience: Audience,
    at: usize,
    /// The first byte of the token before.
    previous: u8,
    open: Vec<Open>,
    pub(super) found: Vec<Place>,
    /// Whether each token is one of JSON and each bracket has its other half: so what is within what is not in doubt.
    pub(super) are_certain: bool,
}

impl<'text> Places<'text> {
    pub(super) fn of(text: &'text str, audience: Audience) -> Self {
        let mut places = Self {
            text,
            audience,
            at: 0,
            previous: b' ',
            open: Vec::new(),
            found: Vec::new(),
            are_certain: true,
        };
        while let Some(&byte) = text.as_bytes().get(places.at) {
            places.token(byte);
            if !byte.is_ascii_whitespace() {
                places.previous = byte;
            }
        }
        places.are_certain &= places.open.is_empty();
        places
    }

    fn token(&mut self, byte: u8) {
        match byte {
            b'{' | b'[' => self.enter(byte == b'{'),
            b'}' | b']' => {
                let ended = self.open.pop();
                self.are_certain &= ended.is_some_and(|open| open.is_map == (byte == b'}'));
                self.at += 1;
            }
            b',' => {
                if let Some(open) = self.open.last_mut() {
                    open.key = None;
                }
                self.at += 1;
            }
            b'"' => self.string(),
            b':' => {
                self.are_certain &= self.previous == b'"';
                self.at += 1;
            }
            b' ' | b'\t' | b'\r' | b'\n' => self.at += 1,
            _ => self.word(),
        }
    }

    fn enter(&mut self, is_map: bool) {
        let masked = self.is_masked(None);
        let is_in_map = self.open.last().is_some_and(|open| open.is_map);
        self.are_certain &= !is_in_map || self.previous == b':';
        self.open.push(Open {
            is_map,
            key: None,
            masked,
            masks_keys: masked && !self.is_below_secrets(),
        });
        self.at += 1;
    }

    fn string(&mut self) {
        let bytes = self.text.as_bytes();
        let string = string_at(bytes, self.at);
        self.at = string.end;
        self.judge(self.text.get(string.start..string.end));
        let content = string.content.clone();
        let is_before_colon = bytes.get(skip_space(bytes, string.end)) == Some(&b':');
        let is_value = self.previous == b':';
        self.are_certain &= !(is_value && is_before_colon);
        if is_before_colon && !is_value {
            self.key(string);
        } else if self.is_masked(Some(&self.text[content.clone()])) {
            self.found.push(Place::Text(content));
        } else if self.audience == Audience::Reader {
            self.within(content);
        }
    }

    /// What is secret within a value of any name.
    fn within(&mut self, content: Range<usize>) {
        let text = &self.text[content.clone()];
        let hidden = secret_name::of_value(text);
        // An object in a string, as it seems.
        let after = secret_name::after_name(text).map(|at| at..text.len());
        for range in hidden.into_iter().chain(after) {
            let range = content.start + range.start..content.start + range.end;
            self.found.push(Place::Text(range));
        }
    }

    fn key(&mut self, string: StringToken) {
        let quoted = &self.text[string.start..string.end];
        let key = serde_json::from_str::<String>(quoted)
            .unwrap_or_else(|_| self.text[string.content.clone()].to_owned());
        let Some(open) = self.open.last_mut() else {
            return;
        };
        let is_secret = open.masked && !secret_name::is_word(&key);
        if open.masks_keys || is_secret {
            self.found.push(Place::Text(string.content));
        } else {
            open.key = Some(key);
        }
    }

    fn word(&mut self) {
        let length = word_length(&self.text.as_bytes()[self.at..]);
        let range = self.at..self.at + length;
        self.at = range.end;
        let word = &self.text[range.clone()];
        self.judge(Some(word));
        if !matches!(word, "null" | "true" | "false") && self.is_masked(Some(word)) {
            self.found.push(Place::Word(range));
        }
    }

    fn judge(&mut self, token: Option<&str>) {
        let is_json = |token: &str| serde_json::from_str::<&RawValue>(token).is_ok();
        self.are_certain &= token.is_some_and(is_json);
    }

    /// Whether the value that comes next is masked: a scalar, or something that holds others.
    fn is_masked(&self, scalar: Option<&str>) -> bool {
        let Some(open) = self.open.last() else {
            return false;
        };
        if open.masked || scalar.is_some_and(|value| self.is_astray(value)) {
            return true;
        }
        if self.is_below_secrets() {
            // The path of a file is shown, whatever its id.
            return match scalar.filter(|_| open.is_map) {
                Some(path) => self.audience == Audience::Reader && !secret_name::is_path(path),
                None => true,
            };
        }
        let Some(key) = open.key.as_deref() else {
            return false;
        };
        self.holds_text(key) || scalar.is_some_and(|value| self.is_secret(key, value))
    }

    /// Whether a scalar stands below a key of the whole that is none, and near none: what slipped there may be a secret.
    fn is_astray(&self, value: &str) -> bool {
        let keys = self.open.iter().map(|open| open.key.as_deref());
        let mut keys = keys.skip_while(|key| *key == Some("object"));
        match keys.next().flatten() {
            Some(key) if self.audience == Audience::Reader => {
                let parameters = PARAMETERS.iter().map(|parameter| parameter.key);
                let families = FAMILIES.iter().map(|family| family.key);
                let mut known = parameters.chain(families).chain(OF_FILES);
                !secret_name::is_path(value)
                    && !known.any(|known| secret_name::is_spelt(key, known))
            }
            _ => false,
        }
    }

    /// Whether the scalar that a key has is masked.
    fn is_secret(&self, key: &str, value: &str) -> bool {
        match self.audience {
            Audience::Planner => key == SECRETS,
            // In a task file, that may be the path of one.
            Audience::Reader => {
                secret_name::is_credential(key)
                    || secret_name::holds_secrets(key) && !secret_name::is_path(value)
            }
        }
    }

    /// Whether the value that comes next is one of those in `buildkit_secrets`, wherever that stands: the object may be
    /// within a message.
    fn is_below_secrets(&self) -> bool {
        self.key_around().is_some_and(|key| self.holds_secrets(key))
    }

    /// The key of the list or map in which the value stands that comes next.
    fn key_around(&self) -> Option<&str> {
        let depth = self.open.len().checked_sub(2)?;
        self.open[depth].key.as_deref()
    }

    fn holds_secrets(&self, key: &str) -> bool {
        match self.audience {
            Audience::Planner => key == SECRETS,
            Audience::Reader => secret_name::holds_secrets(key),
        }
    }

    fn holds_text(&self, key: &str) -> bool {
        if self
            .key_around()
            .is_some_and(|key| MAPS_OF_NAMES.contains(&key))
        {
            return false;
        }
        match self.audience {
            Audience::Planner => key == TEXT,
            Audience::Reader => secret_name::holds_text(key),
        }
    }
}

/// A string: from its quote to past the other one.
pub(super) struct StringToken {
    start: usize,
    pub(super) content: Range<usize>,
    end: usize,
}

/// The string whose quote stands at `start`. One that is not closed ends with the text.
pub(super) fn string_at(text: &[u8], start: usize) -> StringToken {
    let mut at = start + 1;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'"' => {
                return StringToken {
                    start,
                    content: start + 1..at,
                    end: at + 1,
                };
            }
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    StringToken {
        start,
        content: start + 1..text.len(),
        end: text.len(),
    }
}

pub(super) fn skip_space(text: &[u8], from: usize) -> usize {
    text[from..]
        .iter()
        .position(|byte| !byte.is_ascii_whitespace())
        .map_or(text.len(), |space| from + space)
}

/// The length of what is neither a string nor a sign of JSON nor white space: a number, a name, or no JSON.
pub(super) fn word_length(text: &[u8]) -> usize {
    text.iter()
        .position(|byte| b"{}[],:\" \t\r\n".contains(byte))
        .unwrap_or(text.len())
}
