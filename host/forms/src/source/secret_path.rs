//! The paths of secrets about which something is said: one that is none may be the text itself, so it is not shown.
//!
//! Reads, writes: nothing. Unknown here: how a request is written.

use oci_image_schema::code::Code;
use oci_image_schema::diagnostic::{Diagnostic, Place, Span};

/// What may be wrong with the path of a secret where nothing stands, as far as anybody can tell.
const OF_PATHS: [Code; 4] = [
    Code::MissingPath,
    Code::UnreadableFile,
    Code::BadPath,
    Code::InvalidCharacter,
];

/// Where the path of a secret stands about which something is said: it may be the text itself.
pub(crate) fn secret_place(diagnostic: &Diagnostic) -> Option<Span> {
    let is_of_path = OF_PATHS.iter().any(|code| code.name() == diagnostic.code);
    match diagnostic.place {
        Some(Place::Object(span)) if is_of_secret(&diagnostic.pointer) => {
            is_of_path.then_some(span)
        }
        _ => None,
    }
}

/// Whether a place of the object names files that hold secrets.
fn is_of_secret(pointer: &str) -> bool {
    pointer.starts_with("/buildkit_secrets/") || pointer == "/buildkit_ssh"
}

/// Makes stars of a part of a text that begins at byte `start`.
pub(crate) fn conceal(text: &mut String, start: usize, place: Span) {
    let range = start + place.start as usize..start + place.end as usize;
    let Some(part) = text.get(range.clone()) else {
        return; // a planner may err
    };
    let star = |sign: char| {
        let is_kept = sign.is_ascii_control() || matches!(sign, '"' | '\'');
        if is_kept {
            sign.to_string()
        } else {
            "*".repeat(sign.len_utf8())
        }
    };
    let stars: String = part.chars().map(star).collect();
    text.replace_range(range, &stars);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn part_of_a_text_becomes_stars_as_long_as_it_was() {
        let mut text = "a: \"é/b\"\nc".to_owned();

        conceal(&mut text, 1, Span { start: 2, end: 8 });
        conceal(&mut text, 0, Span { start: 90, end: 99 });

        assert_eq!(text, "a: \"****\"\nc");
    }
}
