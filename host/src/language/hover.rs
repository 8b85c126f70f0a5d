//! What is said of the key at a place, whether of that or of its value somebody wants to know.

use lsp_types::{Hover, HoverContents, MarkupContent, MarkupKind};

use super::client::Client;
use super::description::Description;
use super::open_text::OpenText;
use super::scene::Scene;
use super::tree::WayStep;

/// What is said at a byte of a text.
pub(super) fn hover(
    scene: &Scene,
    open: &OpenText,
    client: &Client,
    offset: usize,
) -> Option<Hover> {
    let standing = scene.tree.standing(offset)?;
    let theme = scene.theme(&standing)?;
    let last = theme
        .way
        .iter()
        .rposition(|step| matches!(step, WayStep::Key(_)))?;
    let description = Description::of(theme.topic, &theme.way[..=last]);
    let text = description.text(client.reads_markdown)?;
    Some(Hover {
        contents: HoverContents::Markup(said(text, client)),
        range: Some(open.index.range(&open.text, client.unit, standing.place)),
    })
}

/// A text as a client shows it.
pub(super) fn said(text: &str, client: &Client) -> MarkupContent {
    MarkupContent {
        kind: match client.reads_markdown {
            true => MarkupKind::Markdown,
            false => MarkupKind::PlainText,
        },
        value: text.to_owned(),
    }
}
