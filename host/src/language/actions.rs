//! What a client may do about what is said of a document: the changes that `validate --fix` makes, each alone, and all together.

use std::collections::HashMap;
use std::ops::Range;

use lsp_types::{
    CodeAction, CodeActionKind, DocumentChanges, OneOf, OptionalVersionedTextDocumentIdentifier,
    TextDocumentEdit, TextEdit, Uri, WorkspaceEdit,
};
use oci_image::boundary::outside::shown;
use oci_image::diagnostics::{self, Edit, Report};

use super::client::Client;
use super::marks::{bytes, mark};
use super::open_text::OpenText;

/// How much of what is written is told, in characters.
const TOLD: usize = 60;

/// Where changes are made, and for whom.
pub(super) struct Mending<'d> {
    pub(super) uri: &'d Uri,
    pub(super) open: &'d OpenText,
    pub(super) client: &'d Client,
}

impl Mending<'_> {
    /// What may be done about what is said of a part of the text; of these kinds, if any are named.
    pub(super) fn actions(
        &self,
        report: &Report,
        part: &Range<usize>,
        kinds: Option<&[CodeActionKind]>,
    ) -> Vec<CodeAction> {
        let is_wanted = |kind: &CodeActionKind| {
            kinds.is_none_or(|kinds| kinds.iter().any(|wanted| is_of(kind, wanted)))
        };
        let mut actions = Vec::new();
        if is_wanted(&CodeActionKind::QUICKFIX) {
            actions.extend(self.each(report, part));
        }
        if is_wanted(&CodeActionKind::SOURCE_FIX_ALL) {
            let edits = diagnostics::edits(report, &report.name, &self.open.text);
            actions.extend((!edits.is_empty()).then(|| CodeAction {
                title: "mend all that has one right answer".to_owned(),
                kind: Some(CodeActionKind::SOURCE_FIX_ALL),
                edit: Some(self.edit(edits)),
                ..CodeAction::default()
            }));
        }
        actions
    }

    /// One for each thing that is said there and has one right answer.
    fn each(&self, report: &Report, part: &Range<usize>) -> impl Iterator<Item = CodeAction> {
        let is_there = |place: &Range<usize>| place.start <= part.end && part.start <= place.end;
        let said = report.diagnostics.iter();
        let said = said.filter(move |said| is_there(&bytes(report, said)));
        said.filter_map(move |said| {
            let edit = diagnostics::mending(report, said, &self.open.text)?;
            let mark = mark(said, bytes(report, said), self.open, self.client.unit);
            Some(CodeAction {
                title: title(&edit),
                kind: Some(CodeActionKind::QUICKFIX),
                diagnostics: Some(vec![mark]),
                is_preferred: Some(true),
                edit: Some(self.edit(vec![edit])),
                ..CodeAction::default()
            })
        })
    }

    #[allow(
        clippy::mutable_key_type,
        reason = "an address is compared by its text, which does not change"
    )]
    fn edit(&self, edits: Vec<Edit>) -> WorkspaceEdit {
        let (open, unit) = (self.open, self.client.unit);
        let edit = |edit: Edit| {
            let range = open.index.range(&open.text, unit, edit.range);
            TextEdit::new(range, edit.text)
        };
        let edits = edits.into_iter().map(edit);
        if !self.client.knows_versions {
            let changes = HashMap::from([(self.uri.clone(), edits.collect())]);
            return WorkspaceEdit::new(changes);
        }
        let change = TextDocumentEdit {
            text_document: OptionalVersionedTextDocumentIdentifier {
                uri: self.uri.clone(),
                version: Some(open.version),
            },
            edits: edits.map(OneOf::Left).collect(),
        };
        WorkspaceEdit {
            document_changes: Some(DocumentChanges::Edits(vec![change])),
            ..WorkspaceEdit::default()
        }
    }
}

/// Whether a kind is another, or one of its own.
fn is_of(kind: &CodeActionKind, wanted: &CodeActionKind) -> bool {
    let rest = kind.as_str().strip_prefix(wanted.as_str());
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// What is done.
fn title(edit: &Edit) -> String {
    let verb = if edit.range.is_empty() {
        "add"
    } else {
        "write"
    };
    let written = edit.text.trim();
    let mut told: String = written.chars().take(TOLD).collect();
    if told.len() < written.len() {
        told.push('…');
    }
    format!("{verb} `{}`", shown(&told).to_string().replace('\n', " "))
}
