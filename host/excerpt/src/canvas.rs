//! The canvas: how wide is drawn, and in colours or not.

use annotate_snippets::{Group, Renderer};

/// The least width that is drawn for; on a narrower terminal lines wrap.
const NARROWEST: usize = 40;
/// The greatest: beyond it nobody finds the mark below a line.
const WIDEST: usize = 500;

/// What excerpts are drawn on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Canvas {
    /// Whether colour codes reach the reader.
    pub is_coloured: bool,
    /// How many columns a line has.
    pub columns: usize,
}

impl Canvas {
    /// The width of what is no terminal: a log, a file.
    pub const USUAL: usize = 140;

    /// What can be told in any place: without colours, of the usual width.
    #[must_use]
    pub fn plain() -> Self {
        Self {
            is_coloured: false,
            columns: Self::USUAL,
        }
    }

    /// The columns that are drawn for.
    pub(crate) fn width(self) -> usize {
        self.columns.clamp(NARROWEST, WIDEST)
    }

    /// Draws, with lines cut to a width in columns.
    pub(crate) fn draw(self, group: Group<'_>, width: usize) -> String {
        let renderer = if self.is_coloured {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        renderer.term_width(width).render(&[group])
    }
}
