//! Layers, unpacked one above the other.
//!
//! Reads: layers. Writes: beneath a directory that is given. Unknown here: where layers are, how they are compressed.
//! Source: OCI image-spec 1.1, `layer`; containerd v2, `pkg/archive`.

use std::io::Read;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use crate::error::RootfsError;
use crate::summary::Summary;
use crate::unpacking::{Meaning, Unpacking};

/// Layers on their way into a directory, the lowest one first. After an error the directory is of no use.
///
/// A whiteout hides what is below its layer; a path that leads through a link of its own layer goes where that leads, inside of the tree;
/// through anything else that is no directory it goes by making one in its place. Devices are left out.
pub struct Layers(Unpacking);

impl Layers {
    /// Into a directory that is open, empty and nobody else's; `target` is where its tree will be, for messages.
    pub fn into(directory: OwnedFd, target: PathBuf) -> Self {
        Self(Unpacking::into(directory, target, Meaning::Layer))
    }

    /// Adds a layer, which is a tar stream, above those before it. Blocking; it need not have an end mark, and what is behind one is not
    /// read.
    ///
    /// # Errors
    /// [`RootfsError`]: the layer is malformed or cut off, an entry cannot stand where it should, or the file system refuses.
    pub fn add(&mut self, layer: impl Read) -> Result<(), RootfsError> {
        self.0.stream(layer).map(drop)
    }

    /// Gives directories what they are to have. Blocking.
    ///
    /// # Errors
    /// [`RootfsError::Attribute`].
    pub fn finish(self) -> Result<Summary, RootfsError> {
        self.0.finish()
    }
}
