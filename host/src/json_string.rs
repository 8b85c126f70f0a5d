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
