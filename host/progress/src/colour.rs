//! Colours: how text is painted for a terminal, and that it is not for anybody else.
//!
//! Reads, writes: nothing. Unknown here: who the reader is (`mode`).

/// The codes that are written; each holds until [`RESET`].
pub(super) const BOLD: &str = "\x1b[1m";
pub(super) const BOLD_RED: &str = "\x1b[1;31m";
pub(super) const RED: &str = "\x1b[31m";
pub(super) const YELLOW: &str = "\x1b[33m";
pub(super) const CYAN: &str = "\x1b[36m";
pub(super) const RESET: &str = "\x1b[0m";

/// Whether colour codes of a process reach the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Colours {
    /// The reader is a terminal that wants them.
    Keep,
    /// The reader is a file, a pipe, or a person who asked for none.
    Strip,
}

impl Colours {
    /// Kept, or not.
    pub(super) fn of(is_coloured: bool) -> Self {
        if is_coloured { Self::Keep } else { Self::Strip }
    }

    /// The text in that colour.
    pub(super) fn paint(self, colour: &str, text: &str) -> String {
        match self {
            Self::Keep => format!("{colour}{text}{RESET}"),
            Self::Strip => text.to_owned(),
        }
    }
}
