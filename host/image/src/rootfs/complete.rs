//! A root filesystem that is complete: it waits beside its final place until it is put there.
//!
//! Reads: nothing. Writes: the directory, and `NAME.partial-*` beside it. Unknown here: what an entry is.

use oci_image_tree::{RootfsError, Summary};

use super::staged::Staged;

/// A root filesystem that is complete and lies beside its final place; dropping it removes it.
#[derive(Debug)]
pub struct Rootfs {
    staged: Staged,
    summary: Summary,
}

impl Rootfs {
    pub(super) fn new(staged: Staged, summary: Summary) -> Self {
        Self { staged, summary }
    }

    /// What was unpacked.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// Puts the tree into its final place, at once, and removes what stood there. Blocking.
    ///
    /// # Errors
    /// [`RootfsError::Commit`], and then the old content still stands there; [`RootfsError::RemoveOld`] if the new one
    /// does, but the old one remains beside it.
    pub fn commit(self) -> Result<Summary, RootfsError> {
        self.staged.put()?;
        Ok(self.summary)
    }
}
