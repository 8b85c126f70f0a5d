//! A directory that grows beside its final place, and either takes that place at once or vanishes.
//!
//! Writes: `NAME.partial-*` beside the place, and the place. Unknown here: what grows in it.

use std::ffi::OsStr;
use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use oci_image_boundary::handle::{Directory, PartialDirectory};
use oci_image_tree::PRIVATE;
use oci_image_tree::RootfsError;

/// A directory that only this user can enter until it is given another mode; removed when dropped.
#[derive(Debug)]
pub(super) struct Staged {
    directory: PartialDirectory,
    target: PathBuf,
}

impl Staged {
    /// A new directory in another, beside the name that it is to have.
    pub(super) fn beside(parent: &Directory, name: &OsStr) -> Result<Self, RootfsError> {
        let target = parent.full_path(name);
        let mut prefix = name.to_os_string();
        prefix.push(".partial-");
        match PartialDirectory::new(parent, &prefix, PRIVATE) {
            Ok(directory) => Ok(Self { directory, target }),
            Err(source) => Err(RootfsError::Stage {
                path: target,
                source,
            }),
        }
    }

    /// Opens the directory.
    pub(super) fn open(&self) -> Result<OwnedFd, RootfsError> {
        let opened = self.directory.directory().reopened();
        opened.map_err(|source| RootfsError::Stage {
            path: self.target.clone(),
            source,
        })
    }

    /// Puts the directory into its place, and removes what stood there.
    pub(super) fn put(mut self) -> Result<(), RootfsError> {
        let path = self.target;
        let name = path.file_name().unwrap_or_default();
        if let Err(source) = self.directory.put(name) {
            return Err(RootfsError::Commit { path, source });
        }
        let removed: io::Result<()> = self.directory.clear();
        removed.map_err(|source| RootfsError::RemoveOld { path, source })
    }
}
