//! An assembly: an image with all that it names, each blob with its place on this machine.
//!
//! Reads: contents. Writes: kept blobs, where layers have to be compressed. Unknown here: in which form it is written.

use std::collections::HashMap;

use oci_spec::image::{Descriptor, Digest, ImageManifest};

use super::error::AssemblyError;
use super::rewriting::{LayerForm, Parts, Rewriting};
use crate::blob::Blob;
use crate::contents::Contents;
use crate::document;
use crate::layout::Role;
use crate::meter::{Meter, Stretch};

/// An image that can be written.
#[derive(Debug)]
pub struct Assembly {
    pub(super) root: Descriptor,
    /// Manifests, indexes and configs, by digest.
    pub(super) documents: HashMap<Digest, Vec<u8>>,
    /// Everything else, by digest.
    pub(super) blobs: HashMap<Digest, Blob>,
    /// What layers were, as the daemon has described them.
    pub(super) origins: HashMap<Digest, Digest>,
    meter: Meter,
}

/// How large an image is, and how much of it is new.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// All that it names and the documents that name it, in bytes.
    pub size: u64,
    /// How many layers it has; equal ones count once.
    pub layers: usize,
    /// Of these, how many this machine did not have before the build, in this form.
    pub new_layers: usize,
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
        let Parts {
            documents,
            blobs,
            origins,
        } = rewriting.parts();
        Ok(Self {
            root,
            documents,
            blobs,
            origins,
            meter: contents.writing().clone(),
        })
    }

    /// The manifest or index, as it is written.
    pub fn root(&self) -> &Descriptor {
        &self.root
    }

    /// How large it is, and how much of it is new.
    pub fn figures(&self, contents: &Contents) -> Figures {
        let documents = self.documents.values().map(|bytes| bytes.len() as u64);
        let blobs = self.blobs.values().map(Blob::size);
        let is_new = |digest: &&Digest| contents.kept().is_new(digest);
        Figures {
            size: documents.sum::<u64>() + blobs.sum::<u64>(),
            layers: self.blobs.len(),
            new_layers: self.blobs.keys().filter(is_new).count(),
        }
    }

    /// The work of writing it, which begins.
    pub(super) fn begin_writing(&self) -> Stretch {
        self.meter.begin(self.blobs.values().map(Blob::size).sum())
    }

    /// The manifest, of an image of one platform.
    pub(super) fn manifest(&self) -> Result<ImageManifest, AssemblyError> {
        let Role::Manifest = Role::of(self.root.media_type()) else {
            return Err(AssemblyError::SeveralPlatforms);
        };
        let bytes = self.document(self.root.digest())?;
        document::parse(bytes).map_err(|source| AssemblyError::Document {
            digest: self.root.digest().clone(),
            source: Some(source),
        })
    }

    /// A document of the image.
    pub(super) fn document(&self, digest: &Digest) -> Result<&[u8], AssemblyError> {
        let document = self.documents.get(digest).map(Vec::as_slice);
        document.ok_or_else(|| AssemblyError::Missing {
            digest: digest.clone(),
        })
    }
}
