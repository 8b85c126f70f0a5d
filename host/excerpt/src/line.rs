//! A line of a file of which nobody knows what is in it, as text.

use oci_image_boundary::outside::is_unruly;

/// The longest line, in characters, whoever asks for it; the rest is cut off.
pub(crate) const LONGEST: usize = 500;
/// To which columns a tab leads.
const TAB: usize = 4;

/// A line as text: tabs as spaces, no control characters, at most [`LONGEST`] characters. Bytes that are no text are shown by their
/// number.
pub(crate) fn text_of(line: &[u8]) -> String {
    let mut text = String::new();
    let mut column = 0;
    for character in visible(line).chars() {
        let cells = if character == '\t' {
            TAB - column % TAB
        } else {
            1
        };
        if column + cells > LONGEST {
            text.push_str("...");
            break;
        }
        let shown = if character == '\t' { ' ' } else { character };
        text.extend(std::iter::repeat_n(shown, cells));
        column += cells;
    }
    text.truncate(text.trim_end().len());
    text
}

fn visible(line: &[u8]) -> String {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    // Decoding whole megabytes to show a line would be a waste: four bytes are the longest character.
    let line = &line[..line.len().min(LONGEST * 4 + 4)];
    let mut text = String::new();
    for chunk in line.utf8_chunks() {
        text.extend(chunk.valid().chars().map(|c| match c {
            '\t' => c,
            c if is_unruly(c) => '\u{fffd}',
            c => c,
        }));
        text.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02X}")));
    }
    text
}
