//! How bad it is what an excerpt marks.

/// How bad it is what an excerpt marks: in colours it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Nothing comes of it.
    Error,
    /// Something comes of it all the same.
    Warning,
}

impl Level {
    pub(crate) fn drawn(self) -> annotate_snippets::Level<'static> {
        match self {
            Self::Error => annotate_snippets::Level::ERROR,
            Self::Warning => annotate_snippets::Level::WARNING,
        }
    }
}
