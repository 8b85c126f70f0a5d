//! Why a pattern cannot be read.
//!
//! Reads and writes: nothing.

use oci_image_boundary::outside::shown;

/// A pattern that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// A `!` that is followed by nothing.
    #[error("the pattern `!` excepts nothing")]
    LoneException,
    /// A `[` without its `]`, a range that runs backwards, or the like.
    #[error("`{pattern}` is not a pattern", pattern = shown(pattern))]
    Syntax {
        /// The pattern as received, without its `!`.
        pattern: String,
    },
}
