//! A text that is open in a client.

use std::path::{Path, PathBuf};

use lsp_types::{TextDocumentContentChangeEvent, TextDocumentItem};

use super::address::name_of;
use super::line_index::{LineIndex, Unit};
use crate::cli::Format;
use crate::request::format_by_name;

/// A text, as the client has it.
pub(super) struct OpenText {
    /// Its path, or what stands for one.
    pub(super) path: PathBuf,
    pub(super) version: i32,
    pub(super) text: String,
    pub(super) index: LineIndex,
    /// How it is written, where its name does not tell.
    pub(super) format: Option<Format>,
}

impl OpenText {
    pub(super) fn new(item: TextDocumentItem) -> Self {
        let path = name_of(&item.uri);
        Self {
            format: format_of(&item.language_id).filter(|_| !tells_format(&path)),
            path,
            version: item.version,
            index: LineIndex::of(&item.text),
            text: item.text,
        }
    }

    /// How it is written.
    pub(super) fn format(&self) -> Format {
        self.format
            .unwrap_or_else(|| format_by_name(&self.path, &self.text))
    }

    /// Takes changes, one after the other.
    pub(super) fn change(
        &mut self,
        version: i32,
        unit: Unit,
        changes: Vec<TextDocumentContentChangeEvent>,
    ) {
        self.version = version;
        for change in changes {
            match change.range {
                Some(range) => {
                    let bytes = self.index.bytes(&self.text, unit, range);
                    self.text.replace_range(bytes, &change.text);
                }
                None => self.text = change.text,
            }
            self.index = LineIndex::of(&self.text);
        }
    }
}

/// How a language is written.
fn format_of(language: &str) -> Option<Format> {
    match language {
        "json" | "jsonc" => Some(Format::Json),
        "yaml" => Some(Format::Yaml),
        _ => None,
    }
}

/// Whether a name tells how its text is written.
fn tells_format(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| {
        ["json", "yml", "yaml"].contains(&&*extension.to_ascii_lowercase())
    })
}

#[cfg(test)]
mod tests {
    use lsp_types::{Position, Range};

    use super::*;

    #[test]
    fn changes_are_made_one_after_the_other_wherever_they_are_said_to_be() {
        let item = TextDocumentItem::new(
            "untitled:a".parse().unwrap(),
            "yaml".to_owned(),
            1,
            "a: 😀x\nb: 1\n".to_owned(),
        );
        let mut open = OpenText::new(item);
        assert_eq!(open.format, Some(Format::Yaml));
        let change =
            |from: (u32, u32), to: (u32, u32), text: &str| TextDocumentContentChangeEvent {
                range: Some(Range::new(
                    Position::new(from.0, from.1),
                    Position::new(to.0, to.1),
                )),
                range_length: None,
                text: text.to_owned(),
            };

        open.change(
            2,
            Unit::Utf16,
            vec![
                change((0, 5), (0, 6), "y"),
                change((1, 0), (2, 0), ""),
                change((9, 9), (9, 9), "c: 2\n"),
                change((0, 3), (0, 1), "!"),
            ],
        );

        assert_eq!(open.text, "a!😀y\nc: 2\n");
        assert_eq!(open.version, 2);
    }
}
