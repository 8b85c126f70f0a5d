//! A root filesystem that is complete: it waits beside its final place until it is put there.
//!
//! Reads: the stream, once. Writes: the directory, and `NAME.partial-*` beside it. Unknown here: what an entry is.

use std::ffi::OsStr;
use std::io::Read;

use oci_image_boundary::handle::Directory;

use super::staged::Staged;
use oci_image_tree::{RootfsError, Summary, unpack};

/// A root filesystem that is complete and lies beside its final place; dropping it removes it.
#[derive(Debug)]
pub struct Rootfs {
    staged: Staged,
    summary: Summary,
}

impl Rootfs {
    /// Unpacks `stream` into a directory, beside the name that it is to have there. Blocking; the stream is read to its end.
    ///
    /// ```
    /// use oci_image_boundary::handle::Directory;
    /// use oci_image_image::rootfs::Rootfs;
    ///
    /// let directory = tempfile::tempdir()?;
    /// let mut archive = tar::Builder::new(Vec::new());
    /// archive.append_data(&mut tar::Header::new_gnu(), "empty", &[][..])?;
    /// let stream = archive.into_inner()?;
    ///
    /// let output = Directory::open(directory.path())?;
    /// let summary = Rootfs::unpack(stream.as_slice(), &output, "rootfs".as_ref())?.commit()?;
    ///
    /// assert_eq!(summary.entries, 1);
    /// assert!(directory.path().join("rootfs/empty").is_file());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`RootfsError`]: the stream is malformed or cut off, an entry leads out of the tree or cannot stand where it
    /// should, or the file system refuses. Nothing is left behind.
    pub fn unpack(
        stream: impl Read,
        directory: &Directory,
        name: &OsStr,
    ) -> Result<Self, RootfsError> {
        let staged = Staged::beside(directory, name)?;
        let target = directory.full_path(name);
        let summary = unpack(stream, staged.open()?, &target)?;
        Ok(Self { staged, summary })
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
