//! A terminal: lines that stay, and below them a few that are drawn anew.
//!
//! `indicatif` (0.18) was tried: it fills every line up to the edge and ends none, so that what stays is copied as one line, and runs
//! together where the terminal becomes wider. `ratatui` was not: its inline region has one height from beginning to end.
//!
//! Reads: nothing. Writes: what it was given. Source: ECMA-48 (`CUU`, `ED`); private mode 2026 shows what is drawn in one piece, and is
//! passed over by terminals that do not know it.

use std::io::{self, Write};

use console::measure_text_width;

use super::size::Size;

/// What is drawn between these is seen as a whole.
const BEGIN: &str = "\x1b[?2026h";
const END: &str = "\x1b[?2026l";
/// From the cursor to the end of the screen.
const ERASE_BELOW: &str = "\x1b[J";

/// What is drawn on.
pub(super) struct Terminal {
    out: Box<dyn Write + Send>,
    /// How wide the lines are that do not stay; the cursor is at the beginning of the last one.
    drawn: Vec<usize>,
}

impl Terminal {
    pub(super) fn new(out: Box<dyn Write + Send>) -> Self {
        let drawn = Vec::new();
        Self { out, drawn }
    }

    /// Draws lines that stay, and in the place of those that do not, others; each shorter than the terminal is wide.
    pub(super) fn draw(&mut self, staying: &str, frame: &[String], size: Size) -> io::Result<()> {
        let mut piece = format!("{BEGIN}\r");
        let above = self.rows(size).saturating_sub(1);
        if above > 0 {
            piece.push_str(&format!("\x1b[{above}A"));
        }
        piece.push_str(ERASE_BELOW);
        for line in staying.lines() {
            piece.push_str(line);
            piece.push_str("\r\n");
        }
        piece.push_str(&frame.join("\r\n"));
        piece.push('\r');
        piece.push_str(END);
        self.drawn = frame.iter().map(|line| measure_text_width(line)).collect();
        self.out.write_all(piece.as_bytes())?;
        self.out.flush()
    }

    /// How many rows they take by now: one that became narrower has folded them.
    fn rows(&self, size: Size) -> usize {
        let columns = usize::from(size.columns).max(1);
        let rows = self
            .drawn
            .iter()
            .map(|width| width.div_ceil(columns).max(1));
        rows.sum()
    }
}
