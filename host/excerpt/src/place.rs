//! A place in a text: bytes that are meant, and what is shown around them.

use oci_image_boundary::line::line_start;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Snippet};
use console::measure_text_width;

use crate::printable::{printable, printable_source};

/// How many lines are shown before and after the place.
const CONTEXT_LINES: usize = 2;
/// How much text is handed to the drawing, in bytes. It shows a terminal's width of a line, but reads all of it.
const DRAWN: usize = 16 << 10;
/// How much is kept before and after the place of a line that is longer: a whole document may stand on one line.
const CONTEXT_BYTES: usize = 256;
/// How much of a line's width has its number, in columns, and what is cut off behind it.
const GUTTER: usize = 16;

/// A place in a text.
#[derive(Debug, Clone)]
pub struct Place<'text> {
    /// What the text is called: a file, `<stdin>`.
    pub name: &'text str,
    /// The whole text.
    pub text: &'text str,
    /// The bytes of it that are meant, between characters.
    pub span: Range<usize>,
}

impl<'text> Place<'text> {
    /// Adds the place and its excerpt; nothing if the text has no such place.
    pub(crate) fn draw(&self, group: Group<'text>, width: usize) -> Group<'text> {
        if self.text.get(self.span.clone()).is_none() {
            return group;
        }
        // Of the neighbours of a line that is cut at its beginning nobody would know what they are.
        let contexts: &[usize] = if self.is_within(width) {
            &[CONTEXT_LINES, 0]
        } else {
            &[0]
        };
        let whole = contexts
            .iter()
            .map(|context| self.lines(*context))
            .find(|lines| lines.len() <= DRAWN);
        let shown = whole.clone().unwrap_or_else(|| self.clipped());
        let marked = self.span.start - shown.start..self.span.end.min(shown.end) - shown.start;
        let snippet = Snippet::source(printable_source(&self.text[shown.clone()]))
            .line_start(self.line_at(shown.start))
            .fold(false)
            .annotation(AnnotationKind::Primary.span(marked));
        if whole.is_some() {
            return group.element(snippet.path(printable(self.name)));
        }
        // With a path the drawing would count columns from where its text begins.
        let (line, column) = (self.line_at(self.span.start), self.column());
        let place = format!("at {}:{line}:{column}", printable(self.name));
        group.element(snippet).element(Level::NOTE.message(place))
    }

    /// Whether a line of so many columns shows the place from its own beginning on.
    fn is_within(&self, width: usize) -> bool {
        let line = &self.text[line_start(self.text, self.span.start)..self.span.start];
        // No character has more than four bytes, and that is known without looking at megabytes.
        line.len() <= 4 * width && measure_text_width(line) + GUTTER < width
    }

    /// The lines of the place with `context` lines on both sides.
    fn lines(&self, context: usize) -> Range<usize> {
        let line_end = |offset: usize| {
            self.text[offset..]
                .find('\n')
                .map_or(self.text.len(), |newline| offset + newline + 1)
        };
        let mut start = line_start(self.text, self.span.start);
        let mut end = line_end(self.span.end);
        for _ in 0..context {
            start = line_start(self.text, start.saturating_sub(1));
            end = line_end(end);
        }
        start..end
    }

    /// The place, or its beginning, with some of its lines on both sides.
    fn clipped(&self) -> Range<usize> {
        let start = self.span.start.saturating_sub(CONTEXT_BYTES);
        let end = self.span.end.min(self.span.start + DRAWN) + CONTEXT_BYTES;
        self.text.floor_char_boundary(start)
            ..self.text.floor_char_boundary(end.min(self.text.len()))
    }

    /// The number of the line at an offset.
    fn line_at(&self, offset: usize) -> usize {
        let before = self.text[..offset].bytes();
        before.filter(|byte| *byte == b'\n').count() + 1
    }

    /// In which character of its line the place begins.
    fn column(&self) -> usize {
        let start = self.span.start;
        self.text[line_start(self.text, start)..start]
            .chars()
            .count()
            + 1
    }
}
