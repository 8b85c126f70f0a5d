//! The letters of a name: what is left of it when how it is written does not count.
//!
//! Reads and writes: nothing. Unknown here: which names there are.

use std::borrow::Cow;

/// The letters and digits of a name, in lower case.
// A text may have a million names, and they are compared with a hundred: what is in the set is compared before what is in the text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Letters<'name> {
    text: Cow<'name, str>,
    /// Which there are, a bit each.
    set: u64,
}

impl<'name> Letters<'name> {
    /// Those of a name.
    pub(crate) fn of(name: &'name str) -> Self {
        let is_letter = |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9');
        let text = if name.as_bytes().iter().all(is_letter) {
            Cow::Borrowed(name)
        } else {
            let letters = name.bytes().filter(u8::is_ascii_alphanumeric);
            let lower = letters.map(|letter| char::from(letter.to_ascii_lowercase()));
            Cow::Owned(lower.collect())
        };
        let set = set_of(text.as_bytes());
        Self { text, set }
    }

    /// The same as a text.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether others stand in these, one after the other.
    pub(crate) fn contain(&self, part: &Letters<'_>) -> bool {
        part.lacking(self) == 0 && self.text.contains(&*part.text)
    }

    /// Whether no more than so many are wrong of those that are meant.
    pub(crate) fn are_near(&self, meant: &Letters<'_>, limit: usize) -> bool {
        self.text.len().abs_diff(meant.text.len()) <= limit
            // One that the other lacks is a mistake at least.
            && self.lacking(meant).max(meant.lacking(self)) <= limit
            && strsim::osa_distance(&self.text, &meant.text) <= limit
    }

    /// Whether a quarter of those that are meant is wrong, or less.
    pub(crate) fn are_spelt(&self, meant: &Letters<'_>) -> bool {
        self.are_near(meant, meant.text.len() / 4)
    }

    /// How many of these the other has nowhere.
    fn lacking(&self, other: &Letters<'_>) -> usize {
        (self.set & !other.set).count_ones() as usize
    }
}

impl Letters<'static> {
    /// A text that is nothing but letters and digits, in lower case.
    pub(crate) const fn known(text: &'static str) -> Self {
        Self {
            text: Cow::Borrowed(text),
            set: set_of(text.as_bytes()),
        }
    }
}

/// Which letters and digits there are, a bit each.
const fn set_of(letters: &[u8]) -> u64 {
    let (mut set, mut at) = (0, 0);
    while at < letters.len() {
        set |= 1
            << match letters[at] {
                letter @ b'a'..=b'z' => letter - b'a',
                digit @ b'0'..=b'9' => digit - b'0' + 26,
                _ => panic!("neither a letter nor a digit"),
            };
        at += 1;
    }
    set
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_near_exactly_if_their_distance_is_small() {
        let names = [
            "", "a", "txt", "text", "text9", "te_xt", "TEXT", "etxt", "tttt", "textt", "é",
            "secret",
        ];
        for name in names {
            for meant in names.map(Letters::of) {
                let letters = Letters::of(name);
                let distance = strsim::osa_distance(letters.as_str(), meant.as_str());
                for limit in 0..4 {
                    assert_eq!(letters.are_near(&meant, limit), distance <= limit, "{name}");
                }
            }
        }
    }

    #[test]
    fn part_is_found_wherever_it_stands() {
        let name = Letters::of("My_Pass-Word1");
        assert_eq!(name.as_str(), "mypassword1");
        for (part, expected) in [
            ("password", true),
            ("word1", true),
            ("drow", false),
            ("", true),
        ] {
            assert_eq!(name.contain(&Letters::known(part)), expected, "{part}");
        }
    }
}
