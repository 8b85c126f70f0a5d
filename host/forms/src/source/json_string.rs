//! The content of a JSON string, for rooms that write one and must find a byte of it in the text that it was made of.
//!
//! Only what `serde_json` writes is read: the short escapes, and `\u` for other control characters.

/// The first character of a JSON string's content, and how many bytes it takes; nothing at the closing quote.
pub(crate) fn first_character(content: &str) -> Option<(char, usize)> {
    let first = content.chars().next()?;
    if first != '\\' {
        return (first != '"').then_some((first, first.len_utf8()));
    }
    match content.as_bytes().get(1)? {
        b'u' => {
            let code = u32::from_str_radix(content.get(2..6)?, 16).ok()?;
            Some((char::from_u32(code)?, 6))
        }
        sign => Some((char::from(*sign), 2)),
    }
}

/// How many bytes of a JSON string's characters, of its content, are written before a byte of that content.
pub(crate) fn read_before(content: &str, end: usize) -> usize {
    let (mut at, mut read) = (0, 0);
    while at < end {
        let Some((character, length)) = content.get(at..).and_then(first_character) else {
            break;
        };
        at += length;
        read += character.len_utf8();
    }
    read
}

/// The byte of a JSON string's content at which the byte `read` of its characters is written.
pub(crate) fn written_at(content: &str, read: usize) -> usize {
    let (mut at, mut passed) = (0, 0);
    while passed < read {
        let Some((character, length)) = content.get(at..).and_then(first_character) else {
            break;
        };
        at += length;
        passed += character.len_utf8();
    }
    at
}
