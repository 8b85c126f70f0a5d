//! An assembly: an image with all that it names, each blob with its place on this machine.
//!
//! Reads: contents. Writes: kept blobs, where layers have to be compressed. Unknown here: in which form it is written.

use std::collections::HashMap;

use oci_spec::image::{Descriptor, Digest};

use super::error::AssemblyError;
use super::rewriting::{LayerForm, Rewriting};
use crate::blob::Blob;
use crate::contents::Contents;

/// An image that can be written.
#[derive(Debug)]
pub struct Assembly {
    pub(super) root: Descriptor,
    /// Manifests, indexes and configs, by digest.
    pub(super) documents: HashMap<Digest, Vec<u8>>,
    /// Everything else, by digest.
    pub(super) blobs: HashMap<Digest, Blob>,
}

impl Assembly {
    /// The image of a manifest or an index that a daemon has described. Layers that are not as they have to be are compressed first,
    /// and documents that name them are written anew. Blocking.
    ///
    /// # Errors
    /// [`AssemblyError`].
    pub fn of(
        root: &Descriptor,
        layers: LayerForm,
        contents: &Contents,
    ) -> Result<Self, AssemblyError> {
        let mut rewriting = Rewriting::new(layers, contents);
        let root = rewriting.document(root, 0)?;
        let (documents, blobs) = rewriting.parts();
        Ok(Self {
            root,
            documents,
            blobs,
        })
    }

    /// The manifest or index, as it is written.
    pub fn root(&self) -> &Descriptor {
        &self.root
    }

    /// A document of the image.
    pub(super) fn document(&self, digest: &Digest) -> Result<&[u8], AssemblyError> {
        let document = self.documents.get(digest).map(Vec::as_slice);
        document.ok_or_else(|| AssemblyError::Missing {
            digest: digest.clone(),
        })
    }
}
