//! Texts without what would command a terminal.

use std::borrow::Cow;

use oci_image_boundary::outside::is_unruly;

/// A text that cannot drive a terminal: the drawing replaces such characters in titles and excerpts only, and not all of them.
pub(crate) fn printable(text: &str) -> String {
    let is_replaced = |character| is_unruly(character) && character != '\n';
    text.replace(is_replaced, "\u{fffd}")
}

/// A text that cannot drive a terminal, of the same length. Characters of one byte are left to the drawing; a byte order mark is one that
/// nobody could see.
pub(crate) fn printable_source(text: &str) -> Cow<'_, str> {
    let is_replaced = |character: char| {
        character == '\u{feff}' || (is_unruly(character) && character.len_utf8() > 1)
    };
    if !text.contains(is_replaced) {
        return Cow::Borrowed(text);
    }
    let replaced = |character: char| match character {
        character if !is_replaced(character) => character,
        character if character.len_utf8() == 2 => '\u{b7}',
        _ => '\u{fffd}',
    };
    Cow::Owned(text.chars().map(replaced).collect())
}
