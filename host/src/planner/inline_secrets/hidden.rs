//! What nobody is shown of a request, and messages without it: a message quotes what it is about.
//!
//! Reads and writes: nothing. Unknown here: who says what.

use std::collections::BTreeSet;

use oci_image_schema::diagnostic::Diagnostic;
use oci_image_schema::login;

use super::MAX_OBJECT;
use super::places::{Audience, Place, Places};

/// What stands in place of what is hidden.
const MASK: &str = "***";
/// The shortest part of a hidden text that is masked: a shorter one tells nothing.
const SHORTEST: usize = 4;

/// How many texts are kept. The planner reads as many values of a list or map, and quotes none of the others.
const MOST: usize = 10_000;

/// The texts that nobody is shown.
#[derive(Clone, Default)]
pub struct Hidden(BTreeSet<String>);

impl Hidden {
    /// Those of a request's text, or of the JSON that means the same, for [`shown`](super::shown) masks them.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut hidden = Self::default();
        // Of a longer one nothing is quoted.
        if text.len() <= MAX_OBJECT {
            Places::each(text, Audience::Reader, |place| {
                let (Place::Text(range) | Place::Word(range)) = place;
                hidden.add(&text[range]);
            });
        }
        hidden
    }

    /// With a further text, as JSON writes it: a string without its quotes, or a number.
    pub fn add(&mut self, written: &str) {
        if self.0.len() >= MOST {
            return;
        }
        let read = serde_json::from_str::<String>(&format!("\"{written}\""));
        let texts = [Some(quotable(written)), read.ok().as_deref().map(quotable)];
        let is_told = |text: &String| text.contains(|sign| sign != '*');
        self.0.extend(texts.into_iter().flatten().filter(is_told));
    }

    /// Masks what a diagnostic quotes of them.
    pub fn conceal(&self, diagnostic: &mut Diagnostic) {
        if self.0.is_empty() {
            return;
        }
        let quotes = ['`', '"'];
        diagnostic.message = self.without(&diagnostic.message, &quotes);
        let help = diagnostic.help.as_deref();
        diagnostic.help = help.map(|help| self.without(help, &quotes));
        let parts = diagnostic.pointer.split('/').map(|part| {
            let read = part.replace("~1", "/").replace("~0", "~");
            if self.holds(&quotable(&read)) {
                MASK
            } else {
                part
            }
        });
        diagnostic.pointer = parts.collect::<Vec<_>>().join("/");
    }

    /// A text with a mask in place of each part between two signs that is hidden.
    fn without(&self, text: &str, signs: &[char]) -> String {
        let parts = text.split_inclusive(signs).map(|part| {
            let sign = part.len() - part.trim_end_matches(signs).len();
            let (part, sign) = part.split_at(part.len() - sign);
            let shown = if self.holds(part) { MASK } else { part };
            [shown, sign]
        });
        parts.flatten().collect()
    }

    /// Whether a part of a message is hidden: it is one of the texts, the beginning of one that is clipped, or a part of it.
    fn holds(&self, part: &str) -> bool {
        let quoted = part.strip_suffix('…').unwrap_or(part);
        let is_word = quoted.trim().len() < SHORTEST;
        self.0.iter().any(|hidden| {
            let is_part = !is_word && hidden.contains(quoted);
            let is_around = hidden.len() >= SHORTEST && quoted.contains(&**hidden);
            hidden == quoted || is_part || is_around
        })
    }
}

/// A text as the planner quotes it: on one line, without its login.
fn quotable(text: &str) -> String {
    let mut quotable = String::with_capacity(text.len());
    for character in login::masked(text).chars() {
        if character.is_control() {
            quotable.extend(character.escape_default());
        } else {
            quotable.push(character);
        }
    }
    quotable
}

#[cfg(test)]
mod tests {
    use oci_image_schema::code::Code;

    use super::*;

    #[test]
    fn messages_quote_nothing_that_is_hidden() {
        let hidden = Hidden::of(
            r#"{"buildkit_secrets": {"a": "hunter2\n3", "b": "12"}, "context": "src", "dockerfile": "https://u:xyzzy@m"}"#,
        );
        let told = |message: &str| {
            let mut told = Diagnostic::new(Code::BadPath, message).help(message);
            told.pointer = "/a/hunter2\n3/b~1c".to_owned();
            hidden.conceal(&mut told);
            assert_eq!(told.help.as_deref(), Some(&*told.message));
            assert_eq!(told.pointer, "/a/***/b~1c");
            told.message
        };
        for (message, expected) in [
            (r"`hunter2\n3` is wrong", "`***` is wrong"),
            (r"the path `./hunter2\n3/x`", "the path `***`"),
            ("`hunte…` is long", "`***` is long"),
            ("`12` is no path", "`***` is no path"),
            ("`u:xyzzy` is no path", "`***` is no path"),
            ("`src` is a file", "`src` is a file"),
            ("`hun` and `123`", "`hun` and `123`"),
        ] {
            assert_eq!(told(message), expected);
        }
    }
}
