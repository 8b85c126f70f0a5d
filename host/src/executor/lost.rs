//! Builders that were lost in the middle of a build, which goes on with others.
//!
//! Reads and writes: nothing. Unknown here: how one is chosen.

use std::collections::BTreeSet;

/// The names of those that were lost.
#[derive(Debug, Default)]
pub(super) struct Lost(BTreeSet<String>);

impl Lost {
    /// Adds one.
    pub(super) fn add(&mut self, name: &str) {
        self.0.insert(name.to_owned());
    }

    /// All of them.
    pub(super) fn names(&self) -> &BTreeSet<String> {
        &self.0
    }
}
