//! YAML in every style: block and flow, quotes of each kind, remarks.

use std::fmt::Write as _;

use crate::random::Random;

/// YAML, before it has a style.
#[derive(Debug, Clone)]
pub enum Yaml {
    /// A text.
    Text(String),
    /// As it is: a flag, an alias.
    Word(String),
    /// A list.
    List(Vec<Yaml>),
    /// A map.
    Map(Vec<(String, Yaml)>),
    /// A value that has a name.
    Anchored(String, Box<Yaml>),
}

impl Yaml {
    /// A text.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    /// A word as it is.
    #[must_use]
    pub fn word(word: &str) -> Self {
        Self::Word(word.to_owned())
    }

    /// A map.
    #[must_use]
    pub fn map<const N: usize>(entries: [(&str, Self); N]) -> Self {
        let entries = entries.into_iter();
        Self::Map(
            entries
                .map(|(key, value)| (key.to_owned(), value))
                .collect(),
        )
    }

    /// Adds an entry to a map.
    pub fn push(&mut self, key: &str, value: Self) {
        if let Self::Map(entries) = self {
            entries.push((key.to_owned(), value));
        }
    }
}

/// Writes YAML, each part in a style of its own.
pub struct Styler<'r>(pub &'r mut Random);

impl Styler<'_> {
    fn below(&mut self, end: u64) -> u64 {
        self.0.number() % end
    }

    fn chance(&mut self, of: u64) -> bool {
        self.below(of) == 0
    }

    /// Writes a value that begins on a line of its own.
    pub fn write(&mut self, yaml: &Yaml, indent: usize, text: &mut String) {
        match yaml {
            Yaml::Map(entries) => {
                for (key, value) in entries {
                    if self.chance(12) {
                        let _ = writeln!(text, "{}# remark: {{", " ".repeat(indent));
                    }
                    let key = if self.chance(6) {
                        format!("\"{key}\"")
                    } else {
                        key.clone()
                    };
                    let _ = write!(text, "{}{key}:", " ".repeat(indent));
                    self.value(value, indent, text);
                }
            }
            Yaml::List(items) => {
                for item in items {
                    let _ = write!(text, "{}-", " ".repeat(indent));
                    self.value(item, indent, text);
                }
            }
            other => {
                let flow = self.flow(other);
                let _ = writeln!(text, "{}{flow}", " ".repeat(indent));
            }
        }
    }

    /// Writes a value after a key or a dash.
    fn value(&mut self, yaml: &Yaml, indent: usize, text: &mut String) {
        let yaml = match yaml {
            Yaml::Anchored(name, value) => {
                let _ = write!(text, " &{name}");
                value
            }
            other => other,
        };
        let is_long = matches!(yaml, Yaml::Map(entries) if !entries.is_empty())
            || matches!(yaml, Yaml::List(items) if !items.is_empty());
        if is_long && !self.chance(5) {
            let _ = writeln!(text);
            let step = 1 + self.below(4) as usize;
            self.write(yaml, indent + step, text);
        } else {
            let flow = self.flow(yaml);
            let end = if self.chance(8) { " # remark" } else { "" };
            let _ = writeln!(text, " {flow}{end}");
        }
    }

    /// A value on one line.
    fn flow(&mut self, yaml: &Yaml) -> String {
        match yaml {
            Yaml::Word(word) => word.clone(),
            Yaml::Text(text) => self.scalar(text),
            Yaml::Anchored(name, value) => format!("&{name} {}", self.flow(value)),
            Yaml::List(items) => {
                let items: Vec<String> = items.iter().map(|item| self.flow(item)).collect();
                format!("[{}]", items.join(", "))
            }
            Yaml::Map(entries) => {
                let entry = |(key, value): &(String, Yaml)| format!("{key}: {}", self.flow(value));
                let entries: Vec<String> = entries.iter().map(entry).collect();
                format!("{{{}}}", entries.join(", "))
            }
        }
    }

    fn scalar(&mut self, text: &str) -> String {
        let is_plain = |sign: char| sign.is_ascii_alphanumeric() || "_/-. ".contains(sign);
        let is_word = text.starts_with(|sign: char| sign.is_ascii_alphabetic());
        match self.below(3) {
            0 if is_word && text.chars().all(is_plain) => text.to_owned(),
            1 if !text.contains('\'') => format!("'{text}'"),
            _ => format!("{text:?}").replace("\\'", "'"),
        }
    }
}
