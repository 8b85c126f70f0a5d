//! A screen: what a terminal shows in the end, row by row, as a text that can be kept beside a test.
//!
//! Where cells begin to look otherwise than those before them, it says how: `<red bold>`, and `<>` for as usual. Times and sizes with a
//! point and digests are kept as zeros: they differ from run to run.

use std::fs;
use std::num::NonZero;

use vt100::{Cell, Color};

use crate::engine::checkout;

/// The rows that are looked at, those that a smaller terminal has scrolled away included.
const ROWS: u16 = 500;
/// How long a part of a step took, which is told if it took any time.
const BRIEF: &str = " 0.0s done";
/// The names of a terminal's colours.
const COLOURS: [&str; 8] = [
    "black", "red", "green", "yellow", "blue", "magenta", "cyan", "white",
];

/// What a terminal of so many columns shows in the end of what was written to it.
///
/// # Panics
/// If it has no columns.
#[must_use]
pub fn screen(columns: u16, written: &str) -> String {
    let some = |count| NonZero::new(count).expect("a terminal has rows and columns");
    let mut terminal = vt100::Parser::new(some(ROWS), some(columns), 0);
    terminal.process(masked(written).as_bytes());
    let mut rows: Vec<String> = (0..ROWS)
        .map(|row| {
            let cells = (0..columns).filter_map(|column| terminal.screen().cell(row, column));
            text_of(cells)
        })
        .collect();
    while rows.last().is_some_and(String::is_empty) {
        rows.pop();
    }
    rows.join("\n") + "\n"
}

/// Compares a screen with the file of that name in `fixtures/screens`, or writes it if `BLESS=1` says so.
///
/// # Panics
/// If they differ.
pub fn compare(name: &str, screen: &str) {
    let path = checkout().join("tests/fixtures/screens").join(name);
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, screen).expect("the fixture can be written");
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(screen, expected, "{}; BLESS=1 rewrites it", path.display());
}

/// Cells of a row as text, up to the last one that shows something.
fn text_of<'screen>(cells: impl Iterator<Item = &'screen Cell>) -> String {
    let mut text = String::new();
    let mut look = String::new();
    let mut blanks = 0;
    for cell in cells.filter(|cell| !cell.is_wide_continuation()) {
        if look_of(cell).is_empty() && [" ", ""].contains(&cell.contents()) {
            blanks += 1;
            continue;
        }
        let looks = look_of(cell);
        if looks != look && !look.is_empty() {
            text.push_str("<>");
        }
        text.extend(std::iter::repeat_n(' ', blanks));
        blanks = 0;
        if looks != look && !looks.is_empty() {
            text.push_str(&format!("<{looks}>"));
        }
        text.push_str(if cell.has_contents() {
            cell.contents()
        } else {
            " "
        });
        look = looks;
    }
    if !look.is_empty() {
        text.push_str("<>");
    }
    text
}

/// How a cell looks, if not as usual.
fn look_of(cell: &Cell) -> String {
    let mut words = Vec::new();
    match cell.fgcolor() {
        Color::Default => {}
        Color::Idx(index) => {
            let name = COLOURS[usize::from(index % 8)];
            words.push(if index < 8 {
                name.to_owned()
            } else {
                format!("bright-{name}")
            });
        }
        Color::Rgb(red, green, blue) => words.push(format!("#{red:02x}{green:02x}{blue:02x}")),
    }
    for (is_so, word) in [
        (cell.bold(), "bold"),
        (cell.dim(), "dim"),
        (cell.italic(), "italic"),
        (cell.underline(), "underlined"),
        (cell.inverse(), "inverse"),
    ] {
        if is_so {
            words.push(word.to_owned());
        }
    }
    words.join(" ")
}

/// What is written, with zeros for what differs from run to run. No code of a terminal has a figure with a point.
fn masked(written: &str) -> String {
    let mut masked = String::new();
    let mut rest = written;
    while !rest.is_empty() {
        if let Some(digest) = rest.strip_prefix("sha256:") {
            let end = digest.find(|sign: char| !sign.is_ascii_hexdigit());
            let end = end.unwrap_or(digest.len());
            masked.push_str("sha256:");
            masked.push_str(&"0".repeat(end));
            rest = &digest[end..];
            continue;
        }
        let end = rest.find(|sign: char| !sign.is_ascii_digit() && sign != '.');
        let (number, after) = rest.split_at(end.unwrap_or(rest.len()));
        let is_figure =
            number.starts_with(|sign: char| sign.is_ascii_digit()) && number.contains('.');
        if is_figure {
            masked.push_str(&number.replace(|sign: char| sign.is_ascii_digit(), "0"));
        } else {
            masked.push_str(number);
        }
        let next = after.chars().next();
        masked.extend(next);
        rest = &after[next.map_or(0, char::len_utf8)..];
    }
    masked.replace(BRIEF, " done")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_told_with_their_looks_and_figures_as_zeros() {
        let written = "#1 [2/3] RUN \x1b[1;31ma  b\x1b[0m   \x1b[36mc\x1b[0m   \r\n0.34s 12MB 1.5MB sha256:a9f\r\n日本 x\r\nwiped\x1b[2K\r\n";

        assert_eq!(
            screen(30, written),
            "#1 [2/3] RUN <red bold>a  b<>   <cyan>c<>\n0.00s 12MB 0.0MB sha256:000\n日本 x\n"
        );
    }
}
