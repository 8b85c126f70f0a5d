//! An image: its manifests, which are in memory, and its blobs, which are ranges of files.
//!
//! Reads and writes: nothing. Unknown here: how it is opened (`open`).

use std::collections::HashMap;

use oci_spec::image::Digest;

use crate::blob::Blob;
use crate::effort::Effort;
use crate::manifest::Manifest;

/// An image, or an index of images for several platforms, ready to be served.
#[derive(Debug)]
pub struct Image {
    pub(crate) root: Digest,
    pub(crate) manifests: HashMap<Digest, Manifest>,
    pub(crate) blobs: HashMap<Digest, Blob>,
    pub(crate) effort: Effort,
}

impl Image {
    /// The digest of the image's manifest, or of its index, as it is served.
    pub fn digest(&self) -> &Digest {
        &self.root
    }

    /// The manifest or index of that digest.
    pub fn manifest(&self, digest: &Digest) -> Option<&Manifest> {
        self.manifests.get(digest)
    }

    /// Every manifest and index, in no order.
    pub fn manifests(&self) -> impl Iterator<Item = (&Digest, &Manifest)> {
        self.manifests.iter()
    }

    /// The config or layer of that digest.
    pub fn blob(&self, digest: &Digest) -> Option<&Blob> {
        self.blobs.get(digest)
    }

    /// Every config and layer, in no order.
    pub fn blobs(&self) -> impl Iterator<Item = (&Digest, &Blob)> {
        self.blobs.iter()
    }

    /// What it cost to open the image.
    pub fn effort(&self) -> Effort {
        self.effort
    }
}
