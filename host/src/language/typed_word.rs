//! A word that is being typed, in a text that may therefore not be readable: it is read as it would be if the word were whole.

use std::ops::Range;

use oci_image::boundary::line::line_start;

use super::scene::Scene;
use super::tree::Standing;
use crate::cli::Format;

/// A sign that marks the end of the word; no document has a reason to hold it.
const MARK: char = '\u{e000}';

/// A word that is being typed.
pub(super) struct TypedWord<'t> {
    text: &'t str,
    format: Format,
    /// The bytes of it.
    pub(super) place: Range<usize>,
    /// Whether quotes are around it.
    is_quoted: bool,
}

/// As what a word is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReadAs {
    Key,
    Value,
}

/// A word where it stands.
pub(super) struct PlacedWord {
    pub(super) scene: Scene,
    pub(super) standing: Standing,
    pub(super) reading: ReadAs,
}

impl<'t> TypedWord<'t> {
    /// The word of which a byte is in the midst, or at the end.
    pub(super) fn at(text: &'t str, format: Format, offset: usize) -> Self {
        let is_of_word = |sign: char| sign.is_ascii_alphanumeric() || "_-./".contains(sign);
        let before = &text[..offset];
        let start = before.trim_end_matches(is_of_word).len();
        let after = text[offset..].trim_start_matches(is_of_word);
        Self {
            text,
            format,
            place: start..text.len() - after.len(),
            is_quoted: before[..start].ends_with(['"', '\'']),
        }
    }

    /// Each way in which it may be read.
    pub(super) fn placed(&self, is_ours: bool) -> impl Iterator<Item = PlacedWord> {
        let readings = [ReadAs::Key, ReadAs::Value];
        let mut texts = Vec::new();
        for reading in readings.into_iter().filter(|reading| self.may_be(*reading)) {
            for is_whole in [true, false] {
                texts.push((reading, self.written(reading, is_whole)));
            }
        }
        let format = self.format;
        texts.into_iter().filter_map(move |(reading, text)| {
            let scene = Scene::of(&text, format, is_ours)?;
            let standing = scene.tree.standing(text.find(MARK)?)?;
            let is_read = standing.is_key == (reading == ReadAs::Key);
            is_read.then_some(PlacedWord {
                scene,
                standing,
                reading,
            })
        })
    }

    /// Whether it stands before a colon already.
    pub(super) fn has_colon(&self) -> bool {
        let after = self.text[self.place.end..].trim_start_matches(['"', '\'']);
        after.trim_start_matches([' ', '\t']).starts_with(':')
    }

    /// What a key is written with that it becomes.
    pub(super) fn key(&self, name: &str) -> String {
        let quote = if self.format == Format::Json && !self.is_quoted {
            "\""
        } else {
            ""
        };
        let colon = if self.has_colon() || self.is_quoted {
            ""
        } else {
            ": "
        };
        format!("{quote}{name}{quote}{colon}")
    }

    /// The same of a value.
    pub(super) fn value(&self, word: &str) -> String {
        let is_bare = ["true", "false"].contains(&word) || self.is_quoted;
        match self.format {
            Format::Json if !is_bare => format!("\"{word}\""),
            _ => word.to_owned(),
        }
    }

    /// Whether what is before it on its line allows that.
    fn may_be(&self, reading: ReadAs) -> bool {
        let line = line_start(self.text, self.place.start);
        let before = self.text[line..self.place.start].trim_end_matches(['"', '\'']);
        let follows_colon = before.trim_end().ends_with(':');
        match reading {
            ReadAs::Key => !follows_colon,
            ReadAs::Value => !self.has_colon(),
        }
    }

    /// The text with the word whole; without what comes after its line, if that is left out.
    fn written(&self, reading: ReadAs, is_whole: bool) -> String {
        let (before, after) = (&self.text[..self.place.end], &self.text[self.place.end..]);
        let (quote, rest) = match after
            .chars()
            .next()
            .filter(|sign| self.is_quoted && "\"'".contains(*sign))
        {
            Some(quote) => (quote.to_string(), &after[1..]),
            None if self.is_quoted => ("\"".to_owned(), after),
            None => (String::new(), after),
        };
        let value = match reading {
            ReadAs::Key if !self.has_colon() && self.format == Format::Json => ": null",
            ReadAs::Key if !self.has_colon() => ": ",
            _ => "",
        };
        let open = if self.format == Format::Json && !self.is_quoted {
            "\""
        } else {
            ""
        };
        let mut text = format!(
            "{}{open}{}{MARK}{open}{quote}{value}",
            &before[..self.place.start],
            &before[self.place.clone()]
        );
        if is_whole {
            text.push_str(rest);
        } else {
            let closing = closing(&text, self.format);
            text.push_str(&closing);
        }
        text
    }
}

/// What closes the brackets that are open at the end of a text.
fn closing(text: &str, format: Format) -> String {
    if format == Format::Yaml {
        // Those of its last line: others are those of a text.
        return brackets(&text[line_start(text, text.len())..]);
    }
    brackets(text)
}

fn brackets(text: &str) -> String {
    let mut open = Vec::new();
    let mut signs = text.chars();
    let mut quote = None;
    while let Some(sign) = signs.next() {
        match (quote, sign) {
            (Some('"'), '\\') => drop(signs.next()),
            (Some(other), sign) if sign == other => quote = None,
            (Some(_), _) => {}
            (None, '"') => quote = Some('"'),
            (None, '{') => open.push('}'),
            (None, '[') => open.push(']'),
            (None, '}' | ']') => drop(open.pop()),
            (None, _) => {}
        }
    }
    open.into_iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::tree::WayStep;

    /// The ways in which the word at `¦` may be read.
    fn read(marked: &str, format: Format) -> Vec<String> {
        let offset = marked.find('¦').unwrap();
        let text = marked.replace('¦', "");
        let word = TypedWord::at(&text, format, offset);
        let placed = word.placed(true);
        let shown = placed.map(|placed| {
            let way = placed.standing.way.iter().map(|step| match step {
                WayStep::Key(name) => format!("/{}", name.trim_end_matches(MARK)),
                WayStep::Item(number) => format!("/{number}"),
            });
            format!("{:?} {}", placed.reading, way.collect::<String>())
        });
        let mut shown: Vec<String> = shown.collect();
        shown.dedup();
        shown
    }

    #[test]
    fn word_is_read_as_it_would_be_if_it_were_whole() {
        for (marked, format, expected) in [
            ("context: .\nout¦", Format::Yaml, &["Key /out"][..]),
            ("context: .\n¦\noutput: image\n", Format::Yaml, &["Key /"]),
            (
                "context: .\ntarget: ¦\noutput: i\n",
                Format::Yaml,
                &["Value /target"],
            ),
            (
                "context: .\ntarget: re¦l\n",
                Format::Yaml,
                &["Value /target"],
            ),
            ("conte¦xt: .\n", Format::Yaml, &["Key /context"]),
            (
                "additional_targets:\n- te¦\noutput: [\n",
                Format::Yaml,
                &[
                    "Key /additional_targets/0/te",
                    "Value /additional_targets/0",
                ],
            ),
            (
                "registries: {a: {c¦",
                Format::Yaml,
                &["Key /registries/a/c"],
            ),
            (
                r#"{"context": ".", "ou¦"}"#,
                Format::Json,
                &["Key /ou", "Value "],
            ),
            (r#"{"context": ".", ¦}"#, Format::Json, &["Key /"]),
            (
                r#"{"context": ".", "target": "a¦"#,
                Format::Json,
                &["Value /target"],
            ),
            (
                r#"{"cache": ¦, "context": 1}"#,
                Format::Json,
                &["Value /cache"],
            ),
        ] {
            let found = read(marked, format);
            let expected: Vec<&str> = expected
                .iter()
                .copied()
                .filter(|one| *one != "Value ")
                .collect();
            assert_eq!(found, expected, "{marked}");
        }
    }
}
