//! What of a request's text is masked.
//!
//! One token after the other: no recursion, and no end before the text's, so that what is no JSON is gone through as well.

use std::borrow::Cow;
use std::ops::Range;

use oci_image_schema::key::NAMES;
use serde_json::value::RawValue;

use super::{SECRETS, SSH, TEXT};
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

/// The keys of a whole file beside those of an object: of a message and a task.
const OF_FILES: [&str; 12] = [
    "$schema",
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

/// How deep lists and maps are told apart. Nothing that is read nests deeper; whatever does is masked, and counted alone, so that
/// brackets cost no memory.
const MAX_DEPTH: usize = 128;

/// A list or map that is open.
struct Open {
    is_map: bool,
    /// The key whose value comes next or is being read.
    key: Option<Key>,
    /// Whether every value in it is masked.
    masked: bool,
    /// Whether its keys are masked too; those of a secret itself are not if they are words, so that a mistyped one can be told.
    masks_keys: bool,
}

/// What the name of a key says of its value.
#[derive(Debug, Clone, Copy)]
struct Key {
    /// It is the map of secrets.
    holds_secrets: bool,
    /// It is the text of one.
    holds_text: bool,
    is_credential: bool,
    /// It names keys of SSH.
    names_keys: bool,
    /// The names below it are the user's own.
    holds_names: bool,
    /// The object of a message.
    is_object: bool,
    /// One of a whole file, as nearly as it is spelt.
    is_of_files: bool,
}

/// The places, one after the other.
pub(super) struct Places<'text> {
    text: &'text str,
    audience: Audience,
    at: usize,
    /// The first byte of the token before.
    previous: u8,
    open: Vec<Open>,
    /// How many lists and maps are open within the deepest of those.
    beyond: usize,
    found: Vec<Place>,
    /// Whether each token is one of JSON and each bracket has its other half: so what is within what is not in doubt.
    are_certain: bool,
}

impl<'text> Places<'text> {
    /// Hands each place out, in the order of the text; whether what is within what is not in doubt.
    pub(super) fn each(text: &'text str, audience: Audience, mut take: impl FnMut(Place)) -> bool {
        let mut places = Self {
            text,
            audience,
            at: 0,
            previous: b' ',
            open: Vec::new(),
            beyond: 0,
            found: Vec::new(),
            are_certain: true,
        };
        while let Some(&byte) = text.as_bytes().get(places.at) {
            places.token(byte);
            if !byte.is_ascii_whitespace() {
                places.previous = byte;
            }
            places.found.drain(..).for_each(&mut take);
        }
        places.are_certain && places.open.is_empty() && places.beyond == 0
    }

    fn token(&mut self, byte: u8) {
        match byte {
            b'{' | b'[' => self.enter(byte == b'{'),
            b'}' | b']' => self.leave(byte == b'}'),
            b',' => {
                self.are_certain &= !matches!(self.previous, b':' | b',' | b'{' | b'[');
                if let Some(open) = self.open.last_mut().filter(|_| self.beyond == 0) {
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
        self.follow(false);
        self.at += 1;
        if self.open.len() == MAX_DEPTH {
            self.beyond += 1;
            return;
        }
        let masked = self.is_masked(None);
        let is_in_map = self.open.last().is_some_and(|open| open.is_map);
        self.are_certain &= !is_in_map || self.previous == b':';
        self.open.push(Open {
            is_map,
            key: None,
            masked,
            masks_keys: masked && !self.is_below_secrets(),
        });
    }

    fn leave(&mut self, is_map: bool) {
        self.at += 1;
        if self.beyond > 0 {
            self.beyond -= 1;
            return;
        }
        let ended = self.open.pop();
        self.are_certain &= ended.is_some_and(|open| open.is_map == is_map);
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
        self.follow(is_before_colon);
        if is_before_colon && !is_value && self.beyond == 0 {
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
        let key = self.open.last().and_then(|open| open.key);
        let is_agent = key.is_some_and(|key| key.names_keys);
        let agent = secret_name::of_agent(text).filter(|_| is_agent);
        for range in secret_name::within(text).into_iter().chain(agent) {
            let range = content.start + range.start..content.start + range.end;
            self.found.push(Place::Text(range));
        }
    }

    fn key(&mut self, string: StringToken) {
        let quoted = &self.text[string.start..string.end];
        let key = serde_json::from_str::<Cow<'_, str>>(quoted)
            .unwrap_or_else(|_| self.text[string.content.clone()].into());
        let named = self.named(&key);
        // A value that is missing may be what stands here.
        let is_id = secret_name::is_id(&key) && !self.is_null_after(string.end);
        let is_odd_id = self.audience == Audience::Reader && self.is_below_secrets() && !is_id;
        let Some(open) = self.open.last_mut() else {
            return;
        };
        let is_secret = open.masked && !secret_name::is_word(&key);
        let is_masked = open.masks_keys || is_secret;
        if is_masked || is_odd_id {
            self.found.push(Place::Text(string.content));
        }
        open.key = (!is_masked).then_some(named);
    }

    /// Whether the value of a key that ends at a byte is null.
    fn is_null_after(&self, end: usize) -> bool {
        let bytes = self.text.as_bytes();
        let colon = skip_space(bytes, end);
        let value = skip_space(bytes, (colon + 1).min(bytes.len()));
        bytes[value..].starts_with(b"null")
    }

    /// What a key says that stands in the innermost list or map.
    fn named(&self, name: &str) -> Key {
        let is_for_planner = self.audience == Audience::Planner;
        let names_keys = !is_for_planner && secret_name::is_spelt(name, [SSH]);
        Key {
            holds_secrets: match self.audience {
                Audience::Planner => name == SECRETS,
                // Of an agent what may be a key is known better.
                Audience::Reader => !names_keys && secret_name::holds_secrets(name),
            },
            holds_text: match self.audience {
                Audience::Planner => name == TEXT,
                Audience::Reader => secret_name::holds_text(name),
            },
            is_credential: !is_for_planner && secret_name::is_credential(name),
            names_keys,
            holds_names: MAPS_OF_NAMES.contains(&name),
            is_object: name == "object",
            is_of_files: is_for_planner || !self.is_at_top() || is_of_files(name),
        }
    }

    fn word(&mut self) {
        self.follow(false);
        let length = word_length(&self.text.as_bytes()[self.at..]);
        let range = self.at..self.at + length;
        self.at = range.end;
        let word = &self.text[range.clone()];
        self.judge(Some(word));
        if !matches!(word, "null" | "true" | "false") && self.is_masked(Some(word)) {
            self.found.push(Place::Word(range));
        }
    }

    /// Judges where a value or key begins: two of them have a sign between, and in a map the first is a key.
    fn follow(&mut self, is_key: bool) {
        let is_in_map = self.open.last().is_some_and(|open| open.is_map) && self.beyond == 0;
        self.are_certain &= match self.previous {
            b'{' | b',' => is_key || !is_in_map,
            b' ' | b'[' | b':' => true,
            _ => false,
        };
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
        if self.beyond > 0 || open.masked || scalar.is_some_and(|value| self.is_astray(value)) {
            return true;
        }
        if self.is_below_secrets() {
            // The path of a file is shown, whatever its id.
            return match scalar.filter(|_| open.is_map) {
                Some(path) => self.audience == Audience::Reader && !secret_name::is_path(path),
                None => true,
            };
        }
        let Some(key) = open.key else {
            return false;
        };
        let is_text = key.holds_text && !self.key_around().is_some_and(|around| around.holds_names);
        is_text || scalar.is_some_and(|value| self.is_secret(key, value))
    }

    /// Whether a scalar stands below a key of the whole that is none, and near none: what slipped there may be a secret.
    fn is_astray(&self, value: &str) -> bool {
        let mut keys = self.open.iter().map(|open| open.key);
        let top = keys.find(|key| !key.is_some_and(|key| key.is_object));
        top.flatten().is_some_and(|key| !key.is_of_files) && !secret_name::is_path(value)
    }

    /// Whether the scalar that a key has is masked.
    fn is_secret(&self, key: Key, value: &str) -> bool {
        match self.audience {
            Audience::Planner => key.holds_secrets,
            // In a task file, that may be the path of one.
            Audience::Reader => {
                key.is_credential || key.holds_secrets && !secret_name::is_path(value)
            }
        }
    }

    /// Whether the value that comes next is one of those in `buildkit_secrets`, wherever that stands: the object may be
    /// within a message.
    fn is_below_secrets(&self) -> bool {
        self.key_around().is_some_and(|key| key.holds_secrets)
    }

    /// The key of the list or map in which the value stands that comes next.
    fn key_around(&self) -> Option<Key> {
        let depth = self.open.len().checked_sub(2)?;
        self.open[depth].key
    }

    /// Whether a key that comes next is one of the whole: of a file, or of the object in a message.
    fn is_at_top(&self) -> bool {
        let around = self.open.split_last().map_or(&[][..], |(_, around)| around);
        let is_object = |open: &Open| open.key.is_some_and(|key| key.is_object);
        around.iter().all(is_object)
    }
}

/// Whether a key of a file, an object or a message has this name, or was meant to.
fn is_of_files(name: &str) -> bool {
    secret_name::is_spelt(name, NAMES.iter().copied().chain(OF_FILES))
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
