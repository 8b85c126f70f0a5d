//! Wanted: what a builder must have, to be taken for a build.
//!
//! Reads and writes: nothing.

use std::collections::BTreeMap;

use crate::build_key::BuildKey;

/// What a builder is wanted for.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// By what the build is known again.
    pub key: BuildKey,
    /// Platforms that it must have; none: any will do.
    pub platforms: Vec<String>,
    /// Whether a platform will do that is emulated.
    pub is_emulated: bool,
    /// Whether it is told secrets.
    pub has_secrets: bool,
    /// The names of those that were lost in the middle of this build, and why.
    pub lost: BTreeMap<String, String>,
}
