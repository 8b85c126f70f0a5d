//! What is said about a YAML text: that it is none, or holds what is not read.

use std::ops::Range;

use oci_image_schema::code::Code;
use oci_image_schema::diagnostic::{Diagnostic, Place, Span};

use super::document::MAX_TEXT;

/// A diagnostic at a place of the YAML.
pub(super) fn mistake(code: Code, range: Range<usize>, message: &str) -> Diagnostic {
    Diagnostic::new(code, message).at(Place::Object(Span::of(range)))
}

/// The one mistake of a text, or of what it expands to, that is too long.
pub(super) fn too_large(range: Range<usize>) -> Diagnostic {
    let message = format!("the object holds more than {MAX_TEXT} bytes, its aliases expanded");
    let help = "put long lists into files: `build_args_file`, `labels_file`";
    mistake(Code::ObjectTooLarge, range, &message).help(help)
}

/// What to do about an error in the parser's words, where there is one likely cause.
pub(super) fn advice(info: &str, rest: &str) -> Option<&'static str> {
    if rest.trim().is_empty() && !info.contains("tab") {
        Some("something is open at the end of the text: a `[`, a `{` or a quote")
    } else if rest.starts_with('\t') || info.contains("tab") {
        Some("indent with blanks: YAML takes no tabs there")
    } else if info.contains("mapping values are not allowed") {
        Some("put a value that holds `: ` in quotes, and begin each key on a line of its own")
    } else if info.contains("valid YAML whitespace") || info.contains("simple key expect") {
        Some("write `key: value`, with a blank after the colon")
    } else if info.contains("in quoted scalar") {
        Some("close the quote, or indent the lines on which it goes on")
    } else if info.contains("did not find expected key") {
        Some("indent the keys of one map alike, and the items of one list")
    } else if info.contains("unknown anchor") {
        Some(
            "an alias `*name` stands for an earlier `&name`; a text that begins with `*` is put in quotes",
        )
    } else if rest.starts_with(['@', '`', '%', '|', '>', '!', '&', '*']) {
        Some("put a text that begins with this sign in quotes")
    } else {
        None
    }
}

/// Whether a plain scalar looks as if it had swallowed the next item of its list: `A=b - C=d`, which `- A=b` becomes with `- C=d`
/// below it, indented more than it.
pub(super) fn swallows_an_item(text: &str) -> bool {
    let mut items = text.split(" - ");
    let names_something = |item: &str| {
        let name = item.trim_start().split_once('=').map(|(name, _)| name);
        name.is_some_and(|name| !name.is_empty() && !name.contains(char::is_whitespace))
    };
    items.next().is_some_and(names_something) && items.any(names_something)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_within_an_item_is_seen_and_a_dash_in_a_text_is_not() {
        for text in ["A=b - C=d", "A= - C=", "A=b c - d - E=f"] {
            assert!(swallows_an_item(text), "{text}");
        }
        for text in [
            "A=b",
            "A=b - c",
            "A=b -C=d",
            "a - B=c",
            "A=b - c d=e",
            "- A=b",
        ] {
            assert!(!swallows_an_item(text), "{text}");
        }
    }
}
