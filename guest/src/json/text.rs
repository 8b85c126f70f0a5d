//! Strings with places: what one stands for, and where each byte of that stands in the object's text.

use std::borrow::Cow;
use std::ops::Range;

use oci_image_schema::diagnostic::Span;

use super::{MAX_ELEMENTS, Members, Node};

/// A string of the object, with the place of each of its bytes.
#[derive(Debug, Clone)]
pub(crate) struct Text<'t> {
    value: Cow<'t, str>,
    node: Node<'t>,
}

impl<'t> Text<'t> {
    /// The text of a string that UTF-8 can hold.
    pub(super) fn of(node: Node<'t>) -> Option<Self> {
        let inner = node.raw.strip_prefix('"')?.strip_suffix('"')?;
        let value = if inner.contains('\\') {
            Cow::Owned(unescape(inner)?)
        } else {
            Cow::Borrowed(inner)
        };
        Some(Self { value, node })
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.value
    }

    /// The parts between commas, without blanks around them, and where in the value they stand.
    pub(crate) fn items(&self) -> Members<(&str, Range<usize>)> {
        let value = self.as_str();
        let mut items = value.split(',').map(|item| {
            let start = item.as_ptr() as usize - value.as_ptr() as usize
                + (item.len() - item.trim_start().len());
            let item = item.trim();
            (item, start..start + item.len())
        });
        let list = items.by_ref().take(MAX_ELEMENTS).collect();
        Members {
            list,
            more: items.next().is_some(),
        }
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
        Span::of(offset(range.start)..offset(range.end))
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
