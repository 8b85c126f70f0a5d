//! Texts from outside, as a page may show them: what commands a terminal or turns the direction of text is written as an escape, for
//! a page is copied from.
//!
//! Reads, writes: nothing. Unknown here: markup; `maud` escapes that.

use std::borrow::Cow;

use oci_image_boundary::outside::is_unruly;

/// A text on one line; columns stay.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    let is_odd = |character| is_unruly(character) && character != '\t';
    if !text.contains(is_odd) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_odd(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// The beginning of a text, so many characters.
pub(crate) fn clipped(text: &str, longest: usize) -> Cow<'_, str> {
    match text.char_indices().nth(longest) {
        Some((end, _)) => Cow::Owned(visible(&text[..end]).into_owned() + "…"),
        None => visible(text),
    }
}

/// A step's name: what stands in its brackets, and the rest.
pub(crate) fn parts(name: &str) -> (Option<&str>, &str) {
    let bracketed = name
        .strip_prefix('[')
        .and_then(|name| name.split_once("] "));
    bracketed.map_or((None, name), |(place, rest)| (Some(place), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_turns_text_or_ends_a_line() {
        assert_eq!(visible("a\tb <c>"), "a\tb <c>");
        assert_eq!(visible("a\u{202e}b\n\x1b[2J"), r"a\u{202e}b\n\u{1b}[2J");
        assert_eq!(clipped("äöü", 2), "äö…");
    }

    #[test]
    fn a_name_has_a_place_before_what_it_does() {
        assert_eq!(
            parts("[build 2/3] RUN make"),
            (Some("build 2/3"), "RUN make")
        );
        assert_eq!(parts("exporting layers"), (None, "exporting layers"));
    }
}
