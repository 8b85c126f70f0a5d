//! A text as stars: as long as it was, and JSON exactly if it was.
//!
//! Whatever keeps a text from being JSON is kept: a line break, an escape that is none, half of a surrogate pair. What is kept tells
//! nothing of the text but that.
//!
//! Source: RFC 8259, chapters 6 and 7, as `serde_json` reads them.

use serde_json::value::RawValue;

/// Half of a pair that stands for any other half.
const HALF: &[u8; 6] = br"\ud800";

/// Masks the content of a string.
pub(super) fn fill(content: &mut [u8]) {
    let mut at = 0;
    while at < content.len() {
        let length = if content[at] == b'\\' {
            mask_escape(&mut content[at..])
        } else {
            mask_byte(&mut content[at]);
            1
        };
        at += length;
    }
}

/// Masks what is not a string: a number stays one, and what is no JSON stays none.
pub(super) fn fill_word(word: &mut [u8]) {
    if !is_json(word) {
        word.fill(b'*');
        return;
    }
    let exponent = word.iter().position(|byte| matches!(byte, b'e' | b'E'));
    let (mantissa, exponent) = word.split_at_mut(exponent.unwrap_or(word.len()));
    replace_digits(mantissa, b'1');
    replace_digits(exponent, b'0'); // or it could be larger than a reader takes
}

/// Masks lines of which nothing is known.
pub(super) fn fill_lines(text: &mut [u8]) {
    text.iter_mut().for_each(mask_byte);
}

fn is_json(word: &[u8]) -> bool {
    serde_json::from_slice::<&RawValue>(word).is_ok()
}

fn replace_digits(number: &mut [u8], digit: u8) {
    for byte in number.iter_mut().filter(|byte| byte.is_ascii_digit()) {
        *byte = digit;
    }
}

/// A control character stays, which no string of JSON holds.
fn mask_byte(byte: &mut u8) {
    if *byte >= b' ' {
        *byte = b'*';
    }
}

/// Masks the escape at the beginning of a text, and gives its length.
fn mask_escape(text: &mut [u8]) -> usize {
    match text.get(1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
            text[..2].fill(b'*');
            2
        }
        Some(b'u') => match (code(text), text.get(6..).and_then(code)) {
            (Some(0xD800..0xDC00), Some(0xDC00..0xE000)) => {
                text[..12].fill(b'*');
                12
            }
            (Some(0xD800..0xE000), _) => {
                text[..6].copy_from_slice(HALF);
                6
            }
            (Some(_), _) => {
                text[..6].fill(b'*');
                6
            }
            (None, _) => 2, // stays, and so does that no digits follow
        },
        _ => 1, // stays, and a star after it is no escape
    }
}

/// The code of a `\u` escape.
fn code(text: &[u8]) -> Option<u16> {
    let digits = text.strip_prefix(br"\u")?.get(..4)?;
    let is_hexadecimal = digits.iter().all(u8::is_ascii_hexdigit);
    let digits = std::str::from_utf8(digits)
        .ok()
        .filter(|_| is_hexadecimal)?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_becomes_stars_and_its_defects_stay() {
        for (text, expected) in [
            (r#"hunter2é\"\u00e9"#, "*****************"),
            (r"\ud83d\ude00", "************"),
            ("a\nb\tc", "*\n*\t*"),
            (r"a\ud83db", r"*\ud800*"),
            (r"\udc00\udc00", r"\ud800\ud800"),
            (r"a\qb", r"*\**"),
            (r"a\u12", r"*\u**"),
            (r"\u+123", r"\u****"),
            (r"\", r"\"),
        ] {
            let mut masked = text.as_bytes().to_vec();
            fill(&mut masked);
            assert_eq!(std::str::from_utf8(&masked), Ok(expected), "{text}");
        }
    }

    #[test]
    fn word_stays_json_or_none() {
        for (word, expected) in [
            ("-120.5e7", "-111.1e0"),
            ("01", "**"),
            ("1.", "**"),
            ("hunter2", "*******"),
        ] {
            let mut masked = word.as_bytes().to_vec();
            fill_word(&mut masked);
            assert_eq!(std::str::from_utf8(&masked), Ok(expected), "{word}");
        }
    }
}
