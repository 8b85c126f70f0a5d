//! How progress is shown: to whom, and with colours or not.
//!
//! Reads: `NO_COLOR`, and whether the reader is a terminal, where [`Mode::text`] is asked. Writes: nothing.

use std::io;

use oci_image_excerpt::Canvas;

use crate::colour::Colours;

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Lines of text for a person, in a log.
    Plain,
    /// The same with colours, those of the build's processes included, for a person at a terminal.
    Coloured,
    /// One JSON object a line, for a program. The keys are documented in `progress/json.rs`.
    Json,
}

impl Mode {
    /// Text with colours if the reader is a terminal, unless the environment variable `NO_COLOR` is set and not empty.
    #[must_use]
    pub fn text(reader: &impl io::IsTerminal) -> Self {
        let declined = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        if reader.is_terminal() && !declined {
            Self::Coloured
        } else {
            Self::Plain
        }
    }

    /// What is drawn on for such a reader, whose terminal has so many columns; a program has none.
    #[must_use]
    pub fn canvas(self, columns: usize) -> Canvas {
        Canvas {
            is_coloured: self == Self::Coloured,
            columns: match self {
                Self::Plain | Self::Coloured => columns,
                Self::Json => Canvas::USUAL,
            },
        }
    }

    pub(super) fn colours(self) -> Colours {
        Colours::of(self == Self::Coloured)
    }
}
