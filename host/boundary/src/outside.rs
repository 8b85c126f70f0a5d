//! Text from outside, as it may be shown: names in archives, paths, media types, tags, what the daemon says.
//!
//! Whoever names a file or answers a question may put a terminal's commands into it, or the end of our line and the beginning
//! of one that a runner obeys (`::set-output`). What is shown is one line of at most [`LONGEST`] characters: control characters,
//! separators of lines and what turns the direction of text are written as escapes.
//!
//! Reads and writes: nothing. Unknown here: where a text comes from.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fmt::{self, Display, Formatter, Write};

/// How many characters of a text are shown; of a longer one the midst is left out.
pub const LONGEST: usize = 400;
/// How many items of a list are shown.
pub const MOST: usize = 10;
/// What is kept of the end of a longer text.
const END: usize = 100;

/// A text from outside; its `Display` is safe to show.
#[derive(Debug, Clone)]
pub struct Shown<'t>(Cow<'t, str>);

/// The text as it may be shown.
///
/// ```
/// use oci_image_boundary::outside::shown;
///
/// assert_eq!(shown("a\n::set-output name=b::\x1b[2J").to_string(), r"a\n::set-output name=b::\u{1b}[2J");
/// ```
pub fn shown<T: AsRef<OsStr> + ?Sized>(text: &T) -> Shown<'_> {
    Shown(text.as_ref().to_string_lossy())
}

/// The first texts of a list, each in backticks, and how many more there are.
pub fn listed<T: AsRef<OsStr>>(texts: &[T]) -> String {
    let mut list = String::new();
    for (index, text) in texts.iter().take(MOST).enumerate() {
        let separator = if index == 0 { "" } else { ", " };
        // A `String` takes everything.
        let _ = write!(list, "{separator}`{}`", shown(text));
    }
    if texts.len() > MOST {
        let _ = write!(list, " and {} more", texts.len() - MOST);
    }
    list
}

/// Whether a character would not stay where it is written: it commands a terminal, ends a line, or turns the direction of text.
#[must_use]
pub fn is_unruly(character: char) -> bool {
    let turns = matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}');
    let ends_a_line = matches!(character, '\u{2028}' | '\u{2029}');
    turns || ends_a_line || character.is_control()
}

/// A text of several lines of our own in which texts from outside may stand: every unruly character but the end of a line is
/// written as an escape, and each line but the first stands behind a mark.
#[must_use]
pub fn within_lines(text: &str) -> String {
    let mut lines = String::with_capacity(text.len());
    for character in text.trim_end_matches('\n').chars() {
        match character {
            '\n' => lines.push_str("\n  | "),
            // What stands in columns.
            '\t' => lines.push(character),
            character if is_unruly(character) => lines.extend(character.escape_default()),
            character => lines.push(character),
        }
    }
    lines
}

/// JSON in which texts from outside may stand, as it may be shown: what is unruly is written as JSON's own escapes, so that it
/// says the same.
///
/// ```
/// use oci_image_boundary::outside::within_json;
///
/// assert_eq!(within_json("\"\u{202e}x\"".to_owned()), r#""\u202ex""#);
/// ```
#[must_use]
pub fn within_json(json: String) -> String {
    if !json.chars().any(is_unruly) {
        return json;
    }
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        if is_unruly(character) {
            // All of them have four digits at most.
            let _ = write!(escaped, "\\u{:04x}", u32::from(character));
        } else {
            escaped.push(character);
        }
    }
    escaped
}

/// The same of a document of several lines, with their ends, which are ours.
#[must_use]
pub fn within_json_lines(document: &str) -> String {
    let line = |line: &str| within_json(line.to_owned()) + "\n";
    document.lines().map(line).collect()
}

impl Display for Shown<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let length = self.0.chars().count();
        let (head, tail) = if length > LONGEST {
            (LONGEST - END, length - END)
        } else {
            (length, length)
        };
        for (at, character) in self.0.chars().enumerate() {
            if at == head && head < tail {
                formatter.write_str("...")?;
            }
            if at >= head && at < tail {
                continue;
            }
            if is_unruly(character) {
                Display::fmt(&character.escape_default(), formatter)?;
            } else {
                formatter.write_char(character)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_is_shown_is_one_short_line_that_commands_nothing(text in any::<String>()) {
            let line = shown(&text).to_string();

            prop_assert!(!line.chars().any(is_unruly), "{line:?}");
            // The longest escape is `\u{10ffff}`.
            prop_assert!(line.chars().count() <= LONGEST * 10 + 3);
        }

        #[test]
        fn lines_of_ours_hold_no_command_and_begin_with_a_mark(text in any::<String>()) {
            let lines = within_lines(&text);

            let mut lines = lines.split('\n');
            lines.next();
            prop_assert!(lines.clone().all(|line| line.starts_with("  | ")));
            prop_assert!(!lines.flat_map(str::chars).any(|character| character != '\t' && is_unruly(character)));
        }
    }

    #[test]
    fn ordinary_texts_are_shown_as_they_are_and_long_ones_without_their_midst() {
        let ordinary = "/work/ein schöner Name 名前.tar:\"x\\y\"";
        let long = format!("{}{}", "a".repeat(300), "b".repeat(300));

        assert_eq!(shown(ordinary).to_string(), ordinary);
        assert_eq!(
            shown(&long).to_string(),
            format!("{}...{}", "a".repeat(300), "b".repeat(100))
        );
        assert_eq!(
            shown("\u{202e}gnp\u{85}\t").to_string(),
            r"\u{202e}gnp\u{85}\t"
        );
    }

    #[test]
    fn a_list_is_clipped() {
        let names: Vec<String> = (1..=12).map(|n| format!("n{n}")).collect();

        assert_eq!(listed(&names[..2]), "`n1`, `n2`");
        assert!(listed(&names).ends_with("`n10` and 2 more"));
        assert_eq!(listed::<String>(&[]), "");
    }
}
