//! The key of a build: by what it is known again, so that it goes where its cache is.
//!
//! Reads and writes: nothing.

use std::ffi::OsStr;

use sha2::{Digest as _, Sha256};

/// By what a build is known again. Whatever differs between builds of the same thing, such as a commit, is no part of it.
#[derive(Debug, Clone, Default)]
pub struct BuildKey(Sha256);

impl BuildKey {
    /// Adds a part: a repository, a context, a target.
    #[must_use]
    pub fn with(mut self, part: impl AsRef<OsStr>) -> Self {
        let part = part.as_ref().as_encoded_bytes();
        self.0.update((part.len() as u64).to_le_bytes());
        self.0.update(part);
        self
    }

    /// How much a builder of this name is to be preferred.
    pub(crate) fn weight(&self, name: &str) -> [u8; 32] {
        self.clone().with(name).0.finalize().into()
    }
}
