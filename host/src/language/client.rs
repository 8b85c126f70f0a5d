//! What a client says of itself when it begins.

use std::path::PathBuf;

use lsp_types::{
    ClientCapabilities, InitializeParams, MarkupKind, PositionEncodingKind,
    TextDocumentClientCapabilities,
};

use super::address::path_of;
use super::line_index::Unit;

/// What is known of a client.
#[derive(Debug, Default)]
pub(super) struct Client {
    /// What it counts within a line.
    pub(super) unit: Unit,
    /// Whether it shows Markdown.
    pub(super) reads_markdown: bool,
    /// Whether symbols may hold others.
    pub(super) nests_symbols: bool,
    /// Whether an edit may say of which version of a text it is.
    pub(super) knows_versions: bool,
    /// The directories that are worked on.
    pub(super) roots: Vec<PathBuf>,
}

impl Client {
    #[allow(deprecated, reason = "older clients name one directory")]
    pub(super) fn of(params: &InitializeParams) -> Self {
        let ClientCapabilities {
            general,
            text_document,
            workspace,
            ..
        } = &params.capabilities;
        let encodings = general
            .as_ref()
            .and_then(|general| general.position_encodings.as_ref());
        let counts_bytes = encodings.is_some_and(|all| all.contains(&PositionEncodingKind::UTF8));
        let edits = workspace
            .as_ref()
            .and_then(|all| all.workspace_edit.as_ref());
        let folders = params.workspace_folders.iter().flatten();
        let mut roots: Vec<PathBuf> = folders.filter_map(|folder| path_of(&folder.uri)).collect();
        if roots.is_empty() {
            roots.extend(params.root_uri.as_ref().and_then(path_of));
        }
        Self {
            unit: if counts_bytes {
                Unit::Utf8
            } else {
                Unit::Utf16
            },
            reads_markdown: text_document.as_ref().is_some_and(reads_markdown),
            nests_symbols: text_document.as_ref().is_some_and(nests_symbols),
            knows_versions: edits.and_then(|edit| edit.document_changes) == Some(true),
            roots,
        }
    }

    /// How it is told what it counts.
    pub(super) fn encoding(&self) -> PositionEncodingKind {
        match self.unit {
            Unit::Utf8 => PositionEncodingKind::UTF8,
            Unit::Utf16 => PositionEncodingKind::UTF16,
        }
    }
}

fn reads_markdown(text: &TextDocumentClientCapabilities) -> bool {
    let formats = text
        .hover
        .as_ref()
        .and_then(|hover| hover.content_format.as_ref());
    formats.is_some_and(|formats| formats.contains(&MarkupKind::Markdown))
}

fn nests_symbols(text: &TextDocumentClientCapabilities) -> bool {
    let symbols = text.document_symbol.as_ref();
    symbols.and_then(|symbols| symbols.hierarchical_document_symbol_support) == Some(true)
}
