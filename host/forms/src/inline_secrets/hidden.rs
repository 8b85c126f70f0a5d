//! What nobody is shown of a request, and messages without it: a message quotes what it is about.
//!
//! Reads and writes: nothing. Unknown here: who says what.

use std::borrow::Cow;
use std::collections::BTreeSet;

use oci_image_schema::diagnostic::Diagnostic;
use oci_image_schema::login;

/// What stands in place of what is hidden.
const MASK: &str = "***";
/// The shortest part of a hidden text that is masked: a shorter one tells nothing.
const SHORTEST: usize = 4;
/// The same within words of a message's own.
const SHORTEST_IN_WORDS: usize = 8;

/// How many texts are kept. The planner reads as many values of a list or map, and quotes none of the others.
const MOST: usize = 10_000;

/// The texts that nobody is shown: those that [`shown`](super::shown) masks, of a text that was [read](super::Reading).
#[derive(Clone, Default)]
pub struct Hidden(BTreeSet<String>);

impl Hidden {
    /// With a further text, as JSON writes it: a string without its quotes, or a number.
    pub fn add(&mut self, written: &str) {
        if self.0.len() >= MOST {
            return;
        }
        self.add_quotable(&quotable(written));
        // Any other text says what is written.
        if written.contains('\\')
            && let Ok(read) = serde_json::from_str::<String>(&format!("\"{written}\""))
        {
            self.add_quotable(&quotable(&read));
        }
    }

    fn add_quotable(&mut self, text: &str) {
        let is_told = text.bytes().any(|byte| byte != b'*');
        if is_told && !self.0.contains(text) {
            self.0.insert(text.to_owned());
        }
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
                MASK.to_owned()
            } else {
                self.without_words(part, SHORTEST_IN_WORDS)
            }
        });
        diagnostic.pointer = parts.collect::<Vec<_>>().join("/");
    }

    /// A text with a mask in place of each part between two signs that is hidden, and of what is hidden within others.
    fn without(&self, text: &str, signs: &[char]) -> String {
        let parts = text.split_inclusive(signs).map(|part| {
            let sign = part.len() - part.trim_end_matches(signs).len();
            let (part, sign) = part.split_at(part.len() - sign);
            if self.holds(part) {
                return MASK.to_owned() + sign;
            }
            let has_blanks = part.contains(char::is_whitespace);
            let shortest = [SHORTEST, SHORTEST_IN_WORDS][usize::from(has_blanks)];
            self.without_words(part, shortest) + sign
        });
        parts.collect()
    }

    /// Whether a part of a message is hidden: it is one of the texts, the beginning of one that is clipped, or a part of it.
    fn holds(&self, part: &str) -> bool {
        let quoted = part.strip_suffix('…').unwrap_or(part);
        let is_word = quoted.trim().len() < SHORTEST;
        self.0.iter().any(|hidden| {
            let is_part = !is_word && hidden.contains(quoted);
            hidden == quoted || is_part
        })
    }

    /// A part of a message with a mask in place of each hidden text in it that is no shorter. A short one may be a word of the message
    /// itself, but not where no blank is: that is a path.
    fn without_words(&self, part: &str, shortest: usize) -> String {
        let is_in = |hidden: &&String| hidden.len() >= shortest && part.contains(&***hidden);
        let mut found: Vec<&String> = self.0.iter().filter(is_in).collect();
        // Of two that overlap the longer one goes first, and leaves nothing of the other.
        found.sort_by_key(|hidden| std::cmp::Reverse(hidden.len()));
        let masked = |text: String, hidden: &String| text.replace(&**hidden, MASK);
        found.into_iter().fold(part.to_owned(), masked)
    }
}

/// A text as the planner quotes it: on one line, without its login.
fn quotable(text: &str) -> Cow<'_, str> {
    let text = login::masked(text);
    if !text.contains(char::is_control) {
        return text;
    }
    let mut quotable = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            quotable.extend(character.escape_default());
        } else {
            quotable.push(character);
        }
    }
    quotable.into()
}

#[cfg(test)]
mod tests {
    use oci_image_schema::code::Code;

    use super::*;
    use crate::inline_secrets::Reading;

    #[test]
    fn messages_quote_nothing_that_is_hidden() {
        let hidden = Reading::of(
            r#"{"buildkit_secrets": {"a": "hunter2\n3", "b": "12", "c": "pipe"}, "context": "src", "dockerfile": "https://u:xyzzy@m"}"#,
        )
        .hidden;
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
            (r"the path `./hunter2\n3/x`", "the path `./***/x`"),
            (r"it is hunter2\n3 indeed", "it is *** indeed"),
            ("`a`: it is a pipe, no file", "`a`: it is a pipe, no file"),
            ("`./pipe/x`", "`./***/x`"),
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
