//! A root filesystem that grows layer by layer, beside its final place.
//!
//! Reads: layers, once. Writes: `NAME.partial-*`. Unknown here: what an entry is.

use std::ffi::OsStr;
use std::io::Read;
use std::path::PathBuf;

use oci_image_boundary::handle::Directory;
use oci_image_tree::{Layers, RootfsError};

use super::complete::Rootfs;
use super::staged::Staged;
use crate::codec::Decoder;

/// A root filesystem to which layers are added, the lowest one first. Dropping it removes it, and after an error that is all that is
/// left to do.
pub struct GrowingRootfs {
    staged: Staged,
    layers: Layers,
    /// Where it will be, for messages.
    target: PathBuf,
}

impl GrowingRootfs {
    /// One without layers, in a directory and beside the name that it is to have there. Blocking.
    ///
    /// # Errors
    /// [`RootfsError::Stage`].
    pub fn beside(directory: &Directory, name: &OsStr) -> Result<Self, RootfsError> {
        let staged = Staged::beside(directory, name)?;
        let target = directory.full_path(name);
        Ok(Self {
            layers: Layers::into(staged.open()?, target.clone()),
            staged,
            target,
        })
    }

    /// Adds a layer, which is a tar archive, however it is compressed, above those before it. Blocking.
    ///
    /// # Errors
    /// [`RootfsError`]: the layer is malformed or cut off, an entry cannot stand where it should, or the file system refuses.
    pub fn add(&mut self, layer: impl Read) -> Result<(), RootfsError> {
        let raw = Decoder::new(layer).map_err(|source| RootfsError::Compressed {
            path: self.target.clone(),
            source,
        })?;
        self.layers.add(raw)
    }

    /// Gives directories what they are to have. Blocking.
    ///
    /// # Errors
    /// [`RootfsError::Attribute`].
    pub fn finish(self) -> Result<Rootfs, RootfsError> {
        let summary = self.layers.finish()?;
        Ok(Rootfs::new(self.staged, summary))
    }
}

impl Rootfs {
    /// Unpacks an image of one layer into a directory, beside the name that it is to have there. Blocking. Several layers:
    /// [`GrowingRootfs`].
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
    /// As of [`GrowingRootfs::add`]. Nothing is left behind.
    pub fn unpack(
        layer: impl Read,
        directory: &Directory,
        name: &OsStr,
    ) -> Result<Self, RootfsError> {
        let mut growing = GrowingRootfs::beside(directory, name)?;
        growing.add(layer)?;
        growing.finish()
    }
}
