//! JSON with places: a value is a piece of the object's text, and knows where it begins.
//!
//! `serde_json` judges the whole text once, without recursion; after that a piece is split one level deep when somebody asks, by
//! looking for its commas alone. So duplicate keys and places are kept, and 10,000 nested lists cost neither stack nor memory.
//! Splitting by `serde_json` itself cost 60 KB of the component more, most of it for numbers, of which the object has none.
//!
//! Unknown here: the keys of the object. Source: RFC 8259; `serde_json::value::RawValue`.

use std::borrow::Cow;
use std::ops::Range;

use oci_image_schema::code::Code;
use oci_image_schema::diagnostic::Span;
use serde_json::value::RawValue;

use crate::findings::Findings;

/// The most elements of a list or map that are read.
pub(crate) const MAX_ELEMENTS: usize = 10_000;

/// The type of a JSON value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Object,
    List,
    String,
    Number,
    Boolean,
    Null,
}

impl Kind {
    /// The type with its article, for a message.
    pub(crate) const fn phrase(self) -> &'static str {
        match self {
            Self::Object => "a map",
            Self::List => "a list",
            Self::String => "a string",
            Self::Number => "a number",
            Self::Boolean => "a boolean",
            Self::Null => "null",
        }
    }
}

/// A valid JSON value within the object's text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node<'t> {
    raw: &'t str,
    start: usize,
}

/// The members of a list or map.
pub(crate) struct Members<T> {
    /// At most [`MAX_ELEMENTS`] of them.
    pub(crate) list: Vec<T>,
    /// Whether there are more.
    pub(crate) more: bool,
}

impl<'t> Node<'t> {
    /// The value that is the whole of `text`.
    ///
    /// # Errors
    ///
    /// Where and why it is not JSON.
    pub(crate) fn root(text: &'t str) -> Result<Self, serde_json::Error> {
        let raw: &RawValue = serde_json::from_str(text)?;
        let start = text.len() - text.trim_ascii_start().len();
        Ok(Self {
            raw: raw.get(),
            start,
        })
    }

    pub(crate) fn start(self) -> usize {
        self.start
    }

    pub(crate) fn end(self) -> usize {
        self.start + self.raw.len()
    }

    pub(crate) fn span(self) -> Span {
        span(self.start..self.end())
    }

    pub(crate) fn kind(self) -> Kind {
        match self.raw.as_bytes().first() {
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::List,
            Some(b'"') => Kind::String,
            Some(b't' | b'f') => Kind::Boolean,
            Some(b'n') => Kind::Null,
            _ => Kind::Number,
        }
    }

    pub(crate) fn is_true(self) -> bool {
        self.raw == "true"
    }

    /// The string, if this is one that UTF-8 can hold (JSON can also write half of a surrogate pair).
    pub(crate) fn text(self) -> Option<Text<'t>> {
        let inner = self.raw.strip_prefix('"')?.strip_suffix('"')?;
        let value = if inner.contains('\\') {
            Cow::Owned(unescape(inner)?)
        } else {
            Cow::Borrowed(inner)
        };
        Some(Text { value, node: self })
    }

    /// A key as a token of a JSON Pointer.
    fn token(self) -> String {
        let key = self
            .text()
            .map_or_else(|| self.raw.to_owned(), |text| text.value.into_owned());
        key.replace('~', "~0").replace('/', "~1")
    }

    /// The entries of an object, keys and values; of anything else, none.
    pub(crate) fn entries(self) -> Members<(Node<'t>, Node<'t>)> {
        let mut split = Split::new(self, Kind::Object);
        let list = std::iter::from_fn(|| Some((split.next()?, split.next()?)))
            .take(MAX_ELEMENTS)
            .collect();
        Members {
            list,
            more: split.next().is_some(),
        }
    }

    /// The elements of a list; of anything else, none.
    pub(crate) fn elements(self) -> Members<Node<'t>> {
        let mut split = Split::new(self, Kind::List);
        let list = split.by_ref().take(MAX_ELEMENTS).collect();
        Members {
            list,
            more: split.next().is_some(),
        }
    }
}

/// The values within a list or object, keys included, in the order of the text. The text is valid JSON, so nothing is judged here.
struct Split<'t> {
    outer: Node<'t>,
    at: usize,
}

impl<'t> Split<'t> {
    fn new(outer: Node<'t>, kind: Kind) -> Self {
        let at = if outer.kind() == kind {
            1
        } else {
            outer.raw.len()
        };
        Self { outer, at }
    }

    /// The offset after the value at `start`: behind the closing quote or bracket, or before what ends a number or word.
    fn end_of(&self, start: usize) -> usize {
        let bytes = self.outer.raw.as_bytes();
        let (mut at, mut depth) = (start, 0_usize);
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'"' => at = end_of_string(bytes, at),
                b'[' | b'{' => depth += 1,
                b']' | b'}' if depth == 0 => return at,
                b']' | b'}' => depth -= 1,
                b',' | b':' | b' ' | b'\t' | b'\n' | b'\r' if depth == 0 => return at,
                _ => {}
            }
            at += 1;
            if depth == 0 && matches!(byte, b'"' | b']' | b'}') {
                break;
            }
        }
        at
    }
}

/// The offset of the quote that ends the string which begins at `start`.
fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => break,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    at
}

impl<'t> Iterator for Split<'t> {
    type Item = Node<'t>;

    fn next(&mut self) -> Option<Node<'t>> {
        let bytes = self.outer.raw.as_bytes();
        while matches!(
            bytes.get(self.at)?,
            b',' | b':' | b' ' | b'\t' | b'\n' | b'\r'
        ) {
            self.at += 1;
        }
        if self.at + 1 >= bytes.len() {
            return None; // the bracket that ends the container
        }
        let start = self.at;
        self.at = self.end_of(start);
        Some(Node {
            raw: &self.outer.raw[start..self.at],
            start: self.outer.start + start,
        })
    }
}

/// The text that a valid JSON string without its quotes stands for; nothing if it escapes half of a surrogate pair.
fn unescape(inner: &str) -> Option<String> {
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        let escape = *rest.as_bytes().get(at + 1)?;
        rest = &rest[at + 2..];
        text.push(match escape {
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = code_unit(rest)?;
                rest = &rest[4..];
                match char::from_u32(u32::from(first)) {
                    Some(character) => character,
                    None => {
                        let second = code_unit(rest.strip_prefix("\\u")?)?;
                        rest = &rest[6..];
                        char::decode_utf16([first, second]).next()?.ok()?
                    }
                }
            }
            other => char::from(other),
        });
    }
    text.push_str(rest);
    Some(text)
}

fn code_unit(text: &str) -> Option<u16> {
    u16::from_str_radix(text.get(..4)?, 16).ok()
}

/// A string of the object, with the place of each of its bytes.
#[derive(Debug, Clone)]
pub(crate) struct Text<'t> {
    value: Cow<'t, str>,
    node: Node<'t>,
}

impl Text<'_> {
    pub(crate) fn as_str(&self) -> &str {
        &self.value
    }

    /// The parts between commas, without blanks around them, and where in the value they stand.
    fn items(&self) -> impl Iterator<Item = (&str, Range<usize>)> {
        let value = self.as_str();
        value.split(',').map(|item| {
            let start = item.as_ptr() as usize - value.as_ptr() as usize
                + (item.len() - item.trim_start().len());
            let item = item.trim();
            (item, start..start + item.len())
        })
    }

    /// The same, if there are at most [`MAX_ELEMENTS`]; else none, and a finding says so.
    pub(crate) fn bounded_items(
        &self,
        key: &str,
        findings: &mut Findings<'_>,
    ) -> Vec<(&str, Range<usize>)> {
        let items: Vec<_> = self.items().take(MAX_ELEMENTS + 1).collect();
        if items.len() <= MAX_ELEMENTS {
            return items;
        }
        let message = format!("`{key}` holds more than {MAX_ELEMENTS} elements");
        findings.report(Code::TooManyElements, self.span(), message);
        Vec::new()
    }

    /// Where an empty item of the parts between commas is to be seen: the comma beside it, or all of the literal.
    pub(crate) fn empty_item(&self, range: &Range<usize>) -> Span {
        let value = self.as_str();
        if value[..range.start].trim_end().ends_with(',') {
            let comma = value[..range.start].trim_end().len() - 1;
            self.part(&(comma..comma + 1))
        } else if value[range.end..].starts_with(',') {
            self.part(&(range.end..range.end + 1))
        } else {
            self.span()
        }
    }

    /// The literal, quotes included.
    pub(crate) fn span(&self) -> Span {
        self.node.span()
    }

    /// Where bytes `range` of the value stand in the object's text.
    pub(crate) fn part(&self, range: &Range<usize>) -> Span {
        let offset = |index| self.node.start + 1 + self.raw_offset(index);
        span(offset(range.start)..offset(range.end))
    }

    /// The offset within the literal of byte `index` of the value: a walk over the escapes before it.
    fn raw_offset(&self, index: usize) -> usize {
        let Cow::Owned(value) = &self.value else {
            return index;
        };
        let literal = &self.node.raw.as_bytes()[1..];
        let mut offset = 0;
        for (at, character) in value.char_indices() {
            if at >= index {
                break;
            }
            offset += match (literal[offset], literal[offset + 1]) {
                (b'\\', b'u') if character.len_utf16() == 2 => 12,
                (b'\\', b'u') => 6,
                (b'\\', _) => 2,
                _ => character.len_utf8(),
            };
        }
        offset
    }
}

/// A span of the object's text, which is far shorter than 4 GiB (`MAX_OBJECT`).
pub(crate) fn span(range: Range<usize>) -> Span {
    let clamp = |offset| u32::try_from(offset).unwrap_or(u32::MAX);
    Span {
        start: clamp(range.start),
        end: clamp(range.end),
    }
}

/// The JSON Pointers (RFC 6901) of the innermost values, or their keys, that hold the bytes at `offsets`; these ascend.
pub(crate) fn pointers(text: &str, offsets: &[usize]) -> Vec<String> {
    let mut walk = Walk {
        offsets,
        pointers: Vec::with_capacity(offsets.len()),
    };
    if let Ok(root) = Node::root(text) {
        walk.descend(root, "");
    }
    walk.settle(usize::MAX, "");
    walk.pointers
}

/// One walk over the text for all offsets. It enters only values that hold one, so it is as deep as the object's known keys.
struct Walk<'o> {
    offsets: &'o [usize],
    pointers: Vec<String>,
}

impl Walk<'_> {
    /// Gives `pointer` to every offset left that is below `end`.
    fn settle(&mut self, end: usize, pointer: &str) {
        while self.offsets.first().is_some_and(|offset| *offset < end) {
            self.pointers.push(pointer.to_owned());
            self.offsets = &self.offsets[1..];
        }
    }

    fn descend(&mut self, node: Node<'_>, pointer: &str) {
        self.settle(node.start + 1, pointer);
        if self
            .offsets
            .first()
            .is_none_or(|offset| *offset >= node.end())
        {
            return;
        }
        match node.kind() {
            Kind::Object => {
                for (key, value) in node.entries().list {
                    self.member(
                        key.start,
                        value,
                        || format!("{pointer}/{}", key.token()),
                        pointer,
                    );
                }
            }
            Kind::List => {
                for (index, element) in node.elements().list.into_iter().enumerate() {
                    self.member(
                        element.start,
                        element,
                        || format!("{pointer}/{index}"),
                        pointer,
                    );
                }
            }
            _ => {}
        }
        self.settle(node.end(), pointer);
    }

    fn member(
        &mut self,
        start: usize,
        value: Node<'_>,
        inner: impl FnOnce() -> String,
        outer: &str,
    ) {
        self.settle(start, outer);
        if self
            .offsets
            .first()
            .is_some_and(|offset| *offset < value.end())
        {
            let inner = inner();
            self.settle(value.start, &inner);
            self.descend(value, &inner);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duplicate_keys_and_places_are_kept() {
        let text = r#" {"a": 1, "a" : [true, "x"]} "#;

        let entries = Node::root(text).unwrap().entries().list;

        let places: Vec<_> = entries
            .iter()
            .map(|(key, value)| (&text[key.start..key.end()], &text[value.start..value.end()]))
            .collect();
        assert_eq!(places, [(r#""a""#, "1"), (r#""a""#, r#"[true, "x"]"#)]);
        assert_eq!(
            pointers(
                text,
                &[0, 1, 2, 10, text.find("\"x\"").unwrap(), text.len()]
            ),
            ["", "", "/a", "/a", "/a/1", ""]
        );
    }

    #[test]
    fn a_part_of_a_string_is_found_behind_its_escapes() {
        let text = r#""\n\u00e9\ud83d\ude00é=\"v\"""#;
        let value = Node::root(text).unwrap().text().unwrap();
        assert_eq!(value.as_str(), "\né😀é=\"v\"");

        let equals = value.as_str().find('=').unwrap();
        let place = value.part(&(equals..equals + 2));

        assert_eq!(&text[place.start as usize..place.end as usize], r#"=\""#);
    }

    #[test]
    fn half_a_surrogate_pair_is_no_text() {
        for half in [
            r#""\ud800""#,
            r#""\ud800x""#,
            r#""\ud800\n""#,
            r#""\ud800\u0041""#,
            r#""\udc00\ud800""#,
            r#""\\\udfff""#,
        ] {
            assert!(Node::root(half).unwrap().text().is_none(), "{half}");
        }
    }

    /// A value as `serde_json` would have it, from pieces.
    fn whole(node: Node<'_>) -> Option<serde_json::Value> {
        Some(match node.kind() {
            Kind::Object => {
                let entries = node.entries().list.into_iter();
                entries
                    .map(|(key, value)| Some((key.text()?.as_str().to_owned(), whole(value)?)))
                    .collect::<Option<_>>()?
            }
            Kind::List => node
                .elements()
                .list
                .into_iter()
                .map(whole)
                .collect::<Option<_>>()?,
            Kind::String => node.text()?.as_str().into(),
            _ => serde_json::from_str(node.raw).unwrap(),
        })
    }

    #[test]
    fn pieces_are_what_serde_json_reads_from_mutated_texts() {
        let seed = r#" {"a" : [ "x,]\"" , {"\u00e9\ud83d\ude00\\":null,"":[]},-1.5e3 ,true], "b":{},"c":"\/\b\f\n\r\t"} "#;
        let mut state = 1_u64;
        let mut random = move |below: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) as usize % below
        };
        let mut valid = 0;
        for _ in 0..50_000 {
            let mut bytes = seed.as_bytes().to_vec();
            for _ in 0..=random(3) {
                let (at, other) = (random(bytes.len()), random(bytes.len()));
                match random(3) {
                    0 => bytes[at] = bytes[other],
                    1 => drop(bytes.remove(at)),
                    _ => bytes.insert(at, bytes[other]),
                }
            }
            let Ok(text) = String::from_utf8(bytes) else {
                continue;
            };
            let Ok(root) = Node::root(&text) else {
                continue;
            };
            valid += 1;
            assert_eq!(whole(root), serde_json::from_str(&text).ok(), "{text}");
        }
        assert!(valid > 2_000, "{valid}");
    }

    #[test]
    fn a_pointer_escapes_tilde_and_slash() {
        let text = r#"{"a/b~c": {"": 1}}"#;
        assert_eq!(pointers(text, &[text.find('1').unwrap()]), ["/a~1b~0c/"]);
    }

    #[test]
    fn ten_thousand_nested_lists_are_read_without_recursion() {
        let text = format!(
            r#"{{"context": {}{}}}"#,
            "[".repeat(100_000),
            "]".repeat(100_000)
        );

        let entries = Node::root(&text).unwrap().entries().list;

        assert_eq!(entries[0].1.kind(), Kind::List);
    }
}
