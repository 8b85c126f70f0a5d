//! Ignore patterns: which paths a list of `.dockerignore` patterns matches.
//!
//! - `rules`: the lines of such a file; `matcher`: a list of patterns; `error`: one that cannot be read.
//! - `regexp`: the expression that a pattern stands for; `glob`: patterns of one component.

mod error;
mod glob;
mod matcher;
mod regexp;
mod rules;

pub use error::PatternError;
pub(crate) use glob::Glob;
pub(crate) use matcher::Pattern;
pub use matcher::{Inherited, Matcher, clean, is_well_formed};
pub use rules::rules;
