//! Lines of a text.

/// Where the line begins in which a byte of a text stands.
#[must_use]
pub fn line_start(text: &str, offset: usize) -> usize {
    text[..offset].rfind('\n').map_or(0, |newline| newline + 1)
}
