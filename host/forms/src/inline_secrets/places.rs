//! What of a request's text is masked.
//!
//! One token after the other: no recursion, and no end before the text's, so that what is no JSON is gone through as well. All
//! audiences are judged for in the same pass, which draws the text's outline too.

use std::ops::Range;

use serde_json::value::RawValue;

use super::audience::Audience;
use super::cache_secrets;
use super::key::Key;
use super::level::{Judged, OpenLevel};
use super::outline::{Drawing, Outline};
use super::token::{StringToken, read, skip_space, string_at, word_length};
use crate::secret_name;

/// What is masked.
#[derive(Debug)]
pub(super) enum Place {
    /// The content of a string, without its quotes.
    Text(Range<usize>),
    /// A number, or what is no JSON at all.
    Word(Range<usize>),
}

/// What a text is, as far as its tokens tell.
pub(super) struct PlacedForm {
    /// Whether what is within what is not in doubt: each token is one of JSON, and each bracket has its other half.
    pub(super) is_certain: bool,
    /// Whether the text is JSON beyond doubt. Some that is JSON is in doubt.
    pub(super) is_json: bool,
    pub(super) outline: Outline,
}

/// How deep lists and maps are told apart. Nothing that is read nests deeper; whatever does is masked, and counted alone, so that
/// brackets cost no memory.
const MAX_DEPTH: usize = 128;

/// The places, one after the other.
pub(super) struct Places<'text> {
    text: &'text str,
    audiences: &'static [Audience],
    at: usize,
    /// The first byte of the token before.
    previous: u8,
    /// Where that ended.
    end: usize,
    open: Vec<OpenLevel>,
    /// How many lists and maps are open within the deepest of those.
    beyond: usize,
    found: Vec<(Audience, Place)>,
    is_certain: bool,
    is_json: bool,
    /// Whether every name is text: half of a surrogate pair is none.
    are_names: bool,
    drawing: Drawing,
}

impl<'text> Places<'text> {
    /// Hands each place out, in the order of the text, for each of the audiences.
    pub(super) fn each(
        text: &'text str,
        audiences: &'static [Audience],
        mut take: impl FnMut(Audience, Place),
    ) -> PlacedForm {
        let mut places = Self {
            text,
            audiences,
            at: 0,
            previous: b' ',
            end: 0,
            open: Vec::new(),
            beyond: 0,
            found: Vec::new(),
            is_certain: true,
            is_json: true,
            are_names: true,
            drawing: Drawing::default(),
        };
        while let Some(&byte) = text.as_bytes().get(places.at) {
            places.token(byte);
            if !byte.is_ascii_whitespace() {
                places.previous = byte;
                places.end = places.at;
            }
            for (audience, place) in places.found.drain(..) {
                take(audience, place);
            }
        }
        places.form()
    }

    fn form(self) -> PlacedForm {
        let is_certain = self.is_certain && self.open.is_empty() && self.beyond == 0;
        let is_json = is_certain && self.is_json && self.previous != b' ';
        PlacedForm {
            is_certain,
            is_json,
            outline: self.drawing.outline(is_json && self.are_names),
        }
    }

    fn token(&mut self, byte: u8) {
        match byte {
            b'{' | b'[' => self.enter(byte == b'{'),
            b'}' | b']' => self.leave(byte == b'}'),
            b',' => {
                self.is_certain &= !matches!(self.previous, b':' | b',' | b'{' | b'[');
                self.is_json &= !self.open.is_empty();
                self.end_entry();
                if let Some(open) = self.open.last_mut().filter(|_| self.beyond == 0) {
                    open.judged.iter_mut().for_each(|judged| judged.key = None);
                }
                self.at += 1;
            }
            b'"' => self.string(),
            b':' => {
                self.is_certain &= self.previous == b'"';
                self.is_json &= self.open.last().is_some_and(|open| open.is_map);
                self.at += 1;
            }
            b' ' | b'\t' | b'\r' | b'\n' => self.at += 1,
            _ => self.word(),
        }
    }

    fn enter(&mut self, is_map: bool) {
        self.follow(false);
        self.begin_value();
        self.at += 1;
        if self.open.len() == MAX_DEPTH {
            self.beyond += 1;
            self.is_json = false;
            return;
        }
        let mut judged = [Judged::default(); 2];
        for &audience in self.audiences {
            let masked = self.is_masked(audience, None);
            judged[audience as usize] = Judged {
                key: None,
                masked,
                masks_keys: masked && !self.is_below_secrets(audience),
            };
        }
        let is_in_map = self.open.last().is_some_and(|open| open.is_map);
        self.is_certain &= !is_in_map || self.previous == b':';
        self.open.push(OpenLevel {
            is_map,
            drawn: None,
            judged,
        });
    }

    fn leave(&mut self, is_map: bool) {
        self.at += 1;
        self.is_json &= !matches!(self.previous, b':' | b',');
        if self.beyond > 0 {
            self.beyond -= 1;
            return;
        }
        self.end_entry();
        let ended = self.open.pop();
        self.is_certain &= ended.is_some_and(|open| open.is_map == is_map);
    }

    fn string(&mut self) {
        let bytes = self.text.as_bytes();
        let string = string_at(bytes, self.at);
        self.judge(self.text.get(string.start..string.end));
        let content = string.content.clone();
        let is_before_colon = bytes.get(skip_space(bytes, string.end)) == Some(&b':');
        let is_value = self.previous == b':';
        self.is_certain &= !(is_value && is_before_colon);
        self.follow(is_before_colon);
        self.begin_value();
        self.at = string.end;
        if is_before_colon && !is_value && self.beyond == 0 {
            for &audience in self.audiences {
                self.within_caches(audience, content.clone());
            }
            return self.key(&string);
        }
        for &audience in self.audiences {
            if self.is_masked(audience, Some(&self.text[content.clone()])) {
                self.found.push((audience, Place::Text(content.clone())));
            } else {
                self.within(audience, content.clone());
            }
        }
    }

    /// What is secret within a value that is not so itself.
    fn within(&mut self, audience: Audience, content: Range<usize>) {
        self.within_caches(audience, content.clone());
        if audience == Audience::Reader {
            let text = &self.text[content.clone()];
            let key = self.innermost(audience).and_then(|open| open.key);
            let is_agent = key.is_some_and(|key| key.names_keys);
            let agent = secret_name::of_agent(text).filter(|_| is_agent);
            let found = secret_name::within(text).into_iter().chain(agent);
            self.find(audience, content.start, found);
        }
    }

    /// The same within a text about layer caches.
    fn within_caches(&mut self, audience: Audience, content: Range<usize>) {
        let text = &self.text[content.clone()];
        let found = match (self.is_below_caches(audience), audience) {
            (true, _) => cache_secrets::hidden(text, audience),
            (false, Audience::Reader) => cache_secrets::hidden_elsewhere(text),
            (false, Audience::Planner) => return,
        };
        self.find(audience, content.start, found);
    }

    fn find(
        &mut self,
        audience: Audience,
        start: usize,
        found: impl IntoIterator<Item = Range<usize>>,
    ) {
        let place = |range: Range<usize>| Place::Text(start + range.start..start + range.end);
        let places = found.into_iter().map(|range| (audience, place(range)));
        self.found.extend(places);
    }

    fn key(&mut self, string: &StringToken) {
        let key = read(&self.text[string.start..string.end]);
        self.are_names &= key.is_some();
        let key = key.unwrap_or_else(|| self.text[string.content.clone()].into());
        self.draw(&key);
        for &audience in self.audiences {
            let is_at_top = self.is_at_top(audience);
            let is_odd_id = audience == Audience::Reader
                && self.is_below_secrets(audience)
                // A value that is missing may be what stands here.
                && (!secret_name::is_id(&key) || self.is_null_after(string.end));
            let Some(open) = self.open.last_mut() else {
                return;
            };
            let judged = &mut open.judged[audience as usize];
            let is_masked = judged.masks_keys || judged.masked && !secret_name::is_word(&key);
            judged.key = (!is_masked).then(|| Key::of(&key, audience, is_at_top));
            if is_masked || is_odd_id {
                let place = Place::Text(string.content.clone());
                self.found.push((audience, place));
            }
        }
    }

    /// Begins an entry of the outline, if it is one of the whole.
    fn draw(&mut self, name: &str) {
        let level = self.open.len();
        let is_of_object = || {
            let key = self.open[0].judged[self.audiences[0] as usize].key;
            key.is_some_and(|key| key.is_object)
        };
        let is_told = match level {
            1 => true,
            2 => is_of_object(),
            _ => false,
        };
        if let Some(open) = self.open.last_mut().filter(|open| is_told && open.is_map) {
            open.drawn = self.drawing.entry(level, name);
        }
    }

    /// Tells the outline where the value of an entry begins, if one does.
    fn begin_value(&mut self) {
        let drawn = self.open.last().and_then(|open| open.drawn);
        if let Some(entry) = drawn.filter(|_| self.previous == b':' && self.beyond == 0) {
            self.drawing.begin(entry, self.at);
        }
    }

    /// Tells the outline that an entry has ended, with the token before.
    fn end_entry(&mut self) {
        let open = self.open.last_mut().filter(|_| self.beyond == 0);
        if let Some(entry) = open.and_then(|open| open.drawn.take()) {
            self.drawing.end(entry, self.end);
        }
    }

    /// Whether the value of a key that ends at a byte is null.
    fn is_null_after(&self, end: usize) -> bool {
        let bytes = self.text.as_bytes();
        let colon = skip_space(bytes, end);
        let value = skip_space(bytes, (colon + 1).min(bytes.len()));
        bytes[value..].starts_with(b"null")
    }

    fn word(&mut self) {
        self.follow(false);
        self.begin_value();
        let length = word_length(&self.text.as_bytes()[self.at..]);
        let range = self.at..self.at + length;
        self.at = range.end;
        let word = &self.text[range.clone()];
        self.judge(Some(word));
        if matches!(word, "null" | "true" | "false") {
            return;
        }
        for &audience in self.audiences {
            if self.is_masked(audience, Some(word)) {
                self.found.push((audience, Place::Word(range.clone())));
            }
        }
    }

    /// Judges where a value or key begins: two of them have a sign between, and in a map the first is a key.
    fn follow(&mut self, is_key: bool) {
        let is_in_map = self.open.last().is_some_and(|open| open.is_map) && self.beyond == 0;
        self.is_certain &= match self.previous {
            b'{' | b',' => is_key || !is_in_map,
            b' ' | b'[' | b':' => true,
            _ => false,
        };
    }

    fn judge(&mut self, token: Option<&str>) {
        let is_json = |token: &str| serde_json::from_str::<&RawValue>(token).is_ok();
        self.is_certain &= token.is_some_and(is_json);
    }

    /// What is masked of the innermost list or map.
    fn innermost(&self, audience: Audience) -> Option<&Judged> {
        self.open.last().map(|open| &open.judged[audience as usize])
    }

    /// Whether the value that comes next is masked: a scalar, or something that holds others.
    fn is_masked(&self, audience: Audience, scalar: Option<&str>) -> bool {
        let (Some(open), Some(judged)) = (self.open.last(), self.innermost(audience)) else {
            return false;
        };
        let is_astray = |value| self.is_astray(audience, value);
        if self.beyond > 0 || judged.masked || scalar.is_some_and(is_astray) {
            return true;
        }
        if self.is_below_secrets(audience) {
            // The path of a file is shown, whatever its id.
            return match scalar.filter(|_| open.is_map) {
                Some(path) => audience == Audience::Reader && !secret_name::is_path(path),
                None => true,
            };
        }
        let Some(key) = judged.key else {
            return false;
        };
        let around = self.key_around(audience);
        let is_text = key.holds_text && !around.is_some_and(|around| around.holds_names);
        is_text || scalar.is_some_and(|value| key.hides(audience, value))
    }

    /// Whether a scalar stands below a key of the whole that is none, and near none: what slipped there may be a secret.
    fn is_astray(&self, audience: Audience, value: &str) -> bool {
        if audience == Audience::Planner {
            return false;
        }
        let mut keys = self
            .open
            .iter()
            .map(|open| open.judged[audience as usize].key);
        let top = keys.find(|key| !key.is_some_and(|key| key.is_object));
        top.flatten().is_some_and(|key| !key.is_of_files) && !secret_name::is_path(value)
    }

    /// Whether the value that comes next is one of those in `buildkit_secrets`, wherever that stands: the object may be
    /// within a message.
    fn is_below_secrets(&self, audience: Audience) -> bool {
        self.key_around(audience)
            .is_some_and(|key| key.holds_secrets)
    }

    /// Whether the value that comes next stands below a key of layer caches.
    fn is_below_caches(&self, audience: Audience) -> bool {
        let mut keys = self
            .open
            .iter()
            .filter_map(|open| open.judged[audience as usize].key);
        keys.any(|key| key.holds_caches)
    }

    /// The key of the list or map in which the value stands that comes next.
    fn key_around(&self, audience: Audience) -> Option<Key> {
        let depth = self.open.len().checked_sub(2)?;
        self.open[depth].judged[audience as usize].key
    }

    /// Whether a key that comes next is one of the whole: of a file, or of the object in a message.
    fn is_at_top(&self, audience: Audience) -> bool {
        let around = self.open.split_last().map_or(&[][..], |(_, around)| around);
        let is_object = |open: &OpenLevel| {
            let key = open.judged[audience as usize].key;
            key.is_some_and(|key| key.is_object)
        };
        around.iter().all(is_object)
    }
}
