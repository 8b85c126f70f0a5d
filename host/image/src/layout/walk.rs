//! The walk from one descriptor to everything it refers to.
//!
//! Where a manifest says of a layer what is not so, one that is right is made beside it, and so is an index that names it,
//! up to the root. What lies there stays to be had by its own digest.
//!
//! Reads: the documents, the first bytes of layers. Writes: nothing. Unknown here: archives, which image is meant.

use std::collections::{HashMap, HashSet};

use oci_spec::image::{Descriptor, Digest, ImageIndex, ImageManifest, MediaType};

use super::extent::{Beyond, Extents, HEIGHT_LIMIT, WAYS_LIMIT};
use super::name::{INDEX, blob_name};
use super::replaced::Replaced;
use super::role::Role;
use crate::blob::Blob;
use crate::digest::{digest_like, sha256};
use crate::error::ImageError;
use crate::image::Image;
use crate::layer::{self, LAYER_LIMIT};
use crate::manifest::Manifest;
use crate::store::Store;

/// How many bytes of manifests are kept in memory for one image.
const MANIFESTS_LIMIT: u64 = 64 << 20;

/// How many manifests, configs and layers the documents of one image may name, each time counted. An image for 100
/// platforms with 127 layers each names 13,000.
const REFERENCE_LIMIT: usize = 1 << 16;

/// What has been found so far.
pub(super) struct Walk<'store> {
    store: &'store mut Store,
    manifests: HashMap<Digest, Manifest>,
    blobs: HashMap<Digest, Blob>,
    /// What takes the place of manifests and indexes that are not right.
    replaced: Replaced,
    /// Bytes of manifests in memory.
    kept: u64,
    /// What documents have named so far.
    named: usize,
    /// How far it is from each index to the end.
    extents: Extents,
}

/// What is left to do of a walk.
enum Step {
    Enter(Descriptor),
    /// Everything below this index, which names these, is known.
    Leave(Descriptor, Vec<Digest>),
}

impl<'store> Walk<'store> {
    pub(super) fn new(store: &'store mut Store) -> Self {
        Self {
            store,
            manifests: HashMap::new(),
            blobs: HashMap::new(),
            replaced: Replaced::default(),
            kept: 0,
            named: 0,
            extents: Extents::default(),
        }
    }

    pub(super) fn store(&self) -> &Store {
        self.store
    }

    /// What was found, below `root`.
    pub(super) fn image(self, root: Digest) -> Image {
        Image {
            root,
            manifests: self.manifests,
            blobs: self.blobs,
            effort: self.store.effort,
        }
    }

    /// Takes `index.json` itself as the image's index, and returns the digest under which it is served.
    pub(super) fn root_index(
        &mut self,
        bytes: Vec<u8>,
        index: &ImageIndex,
    ) -> Result<Digest, ImageError> {
        self.store.effort.hashed += bytes.len() as u64;
        let digest = sha256(sha2::Digest::new_with_prefix(&bytes));
        self.count(INDEX, index.manifests().len())?;
        let children = self.present_children(index)?;
        for child in &children {
            self.follow(child)?;
        }
        let size = bytes.len() as u64;
        let root = Descriptor::new(MediaType::ImageIndex, size, digest.clone());
        let manifest = Manifest::of_index(root.media_type(), bytes);
        self.manifests.insert(digest, manifest);
        self.measure(INDEX, &root, &digests(&children))?;
        self.leave(&root);
        Ok(self.replaced.served(&root))
    }

    /// Finds everything below `root`, which is a manifest or an index, and returns the digest under which it is served.
    pub(super) fn follow(&mut self, root: &Descriptor) -> Result<Digest, ImageError> {
        if let Role::Other = Role::of(root.media_type()) {
            return Err(ImageError::NotAManifest {
                path: self.store.path().into(),
                entry: blob_name(root.digest()),
                media_type: root.media_type().to_string(),
            });
        }
        // A list of what is left, not a recursion: an archive decides how deep its indexes are nested.
        let mut left = vec![Step::Enter(root.clone())];
        while let Some(step) = left.pop() {
            match step {
                Step::Leave(descriptor, children) => {
                    self.measure(&blob_name(descriptor.digest()), &descriptor, &children)?;
                    self.leave(&descriptor);
                }
                Step::Enter(known) if self.manifests.contains_key(known.digest()) => {}
                Step::Enter(descriptor) => match Role::of(descriptor.media_type()) {
                    Role::Manifest => self.manifest(&descriptor)?,
                    Role::Index => {
                        let children = self.index(&descriptor)?;
                        left.push(Step::Leave(descriptor, digests(&children)));
                        left.extend(once_each(children).map(Step::Enter));
                    }
                    Role::Other => drop(self.blob(&descriptor)?),
                },
            }
        }
        Ok(self.replaced.served(root))
    }

    fn manifest(&mut self, descriptor: &Descriptor) -> Result<(), ImageError> {
        let bytes = self.document(descriptor)?;
        let name = blob_name(descriptor.digest());
        let manifest: ImageManifest = self.store.parse(&name, &bytes)?;
        self.check_media_type(descriptor, manifest.media_type().as_ref())?;
        self.check_layers(&name, manifest.layers().len())?;
        self.blob(manifest.config())?;
        let mut layers = Vec::with_capacity(manifest.layers().len());
        for layer in manifest.layers() {
            layers.push(self.layer(layer)?);
        }
        if layers != *manifest.layers() {
            self.replace_manifest(descriptor, manifest.clone(), layers);
        }
        let digest = descriptor.digest();
        let manifest = Manifest::of_image(digest, descriptor.media_type(), bytes, &manifest);
        self.manifests.insert(digest.clone(), manifest);
        Ok(())
    }

    /// Takes a layer, and returns how it is served.
    fn layer(&mut self, stated: &Descriptor) -> Result<Descriptor, ImageError> {
        // Layers that may not be distributed are fetched from their own URLs.
        if stated.urls().as_ref().is_some_and(|urls| !urls.is_empty()) && !self.holds(stated) {
            return Ok(stated.clone());
        }
        let blob = self.blob(stated)?;
        let name = blob_name(stated.digest());
        let right = layer::put_right(self.store, &name, stated, &blob)?;
        let (served, blob) = right.unwrap_or_else(|| (stated.clone(), blob));
        self.blobs.insert(served.digest().clone(), blob);
        Ok(served)
    }

    fn replace_manifest(
        &mut self,
        descriptor: &Descriptor,
        mut manifest: ImageManifest,
        layers: Vec<Descriptor>,
    ) {
        manifest.set_layers(layers);
        // Its new layers are of OCI's types, and those go with an OCI manifest.
        let media_type = MediaType::ImageManifest;
        manifest.set_media_type(Some(media_type.clone()));
        let bytes =
            serde_json::to_vec(&manifest).expect("a manifest that was parsed from JSON is JSON");
        let digest = self.replace(descriptor, &media_type, &bytes);
        let manifest = Manifest::of_image(&digest, &media_type, bytes, &manifest);
        self.manifests.insert(digest, manifest);
    }

    /// Takes an index, and returns what it refers to.
    fn index(&mut self, descriptor: &Descriptor) -> Result<Vec<Descriptor>, ImageError> {
        let bytes = self.document(descriptor)?;
        let name = blob_name(descriptor.digest());
        let index: ImageIndex = self.store.parse(&name, &bytes)?;
        self.check_media_type(descriptor, index.media_type().as_ref())?;
        self.count(&name, index.manifests().len())?;
        let manifest = Manifest::of_index(descriptor.media_type(), bytes);
        self.manifests.insert(descriptor.digest().clone(), manifest);
        self.present_children(&index)
    }

    /// Replaces an index that names what is replaced.
    fn leave(&mut self, descriptor: &Descriptor) {
        let Some(bytes) = self
            .manifests
            .get(descriptor.digest())
            .and_then(|index| self.replaced.renamed(&index.bytes))
        else {
            return;
        };
        let media_type = descriptor.media_type();
        let digest = self.replace(descriptor, media_type, &bytes);
        let index = Manifest::of_index(media_type, bytes);
        self.manifests.insert(digest, index);
    }

    /// Puts a document in the place of another, and returns its digest.
    fn replace(&mut self, old: &Descriptor, media_type: &MediaType, bytes: &[u8]) -> Digest {
        self.store.effort.hashed += bytes.len() as u64;
        let digest = sha256(sha2::Digest::new_with_prefix(bytes));
        let new = Descriptor::new(media_type.clone(), bytes.len() as u64, digest.clone());
        self.replaced.insert(old.digest(), new);
        digest
    }

    /// What an index refers to and what is there: `docker save` and `skopeo` leave other platforms out.
    fn present_children(&self, index: &ImageIndex) -> Result<Vec<Descriptor>, ImageError> {
        let present: Vec<_> = index
            .manifests()
            .iter()
            .filter(|child| self.holds(child))
            .cloned()
            .collect();
        match index.manifests().first() {
            Some(first) if present.is_empty() => Err(self.missing(first)),
            _ => Ok(present),
        }
    }

    /// Refuses an index that whoever pulls could not come to the end of.
    fn measure(
        &mut self,
        document: &str,
        index: &Descriptor,
        children: &[Digest],
    ) -> Result<(), ImageError> {
        let taken = self.extents.take(index.digest(), children);
        taken.map_err(|beyond| {
            let (path, entry) = (self.store.path().into(), document.into());
            match beyond {
                Beyond::Height => ImageError::TooDeep {
                    path,
                    entry,
                    limit: HEIGHT_LIMIT,
                },
                Beyond::Ways => ImageError::TooManyReferences {
                    path,
                    entry,
                    limit: WAYS_LIMIT,
                },
            }
        })
    }

    /// Counts what a document names.
    fn count(&mut self, document: &str, more: usize) -> Result<(), ImageError> {
        self.named += more;
        if self.named > REFERENCE_LIMIT {
            return Err(ImageError::TooManyReferences {
                path: self.store.path().into(),
                entry: document.into(),
                limit: REFERENCE_LIMIT,
            });
        }
        Ok(())
    }

    /// Counts config and layers of an image.
    fn check_layers(&mut self, manifest: &str, layers: usize) -> Result<(), ImageError> {
        if layers > LAYER_LIMIT {
            return Err(ImageError::TooManyLayers {
                path: self.store.path().into(),
                entry: manifest.into(),
                layers,
                limit: LAYER_LIMIT,
            });
        }
        self.count(manifest, layers + 1)
    }

    fn blob(&mut self, descriptor: &Descriptor) -> Result<Blob, ImageError> {
        let blob = self.checked(descriptor)?;
        self.blobs.insert(descriptor.digest().clone(), blob.clone());
        Ok(blob)
    }

    /// Reads a document and verifies that it is the one its descriptor means.
    fn document(&mut self, descriptor: &Descriptor) -> Result<Vec<u8>, ImageError> {
        let entry = blob_name(descriptor.digest());
        let path = || self.store.path().to_path_buf();
        self.checked(descriptor)?;
        if self.kept + descriptor.size() > MANIFESTS_LIMIT {
            return Err(ImageError::TooManyManifests {
                path: path(),
                limit: MANIFESTS_LIMIT,
            });
        }
        let bytes = self.store.document(&entry)?;
        self.kept += bytes.len() as u64;
        self.store.effort.hashed += bytes.len() as u64;
        match digest_like(descriptor.digest(), &bytes) {
            Some(actual) if actual == *descriptor.digest() => Ok(bytes),
            Some(actual) => Err(ImageError::BlobDigest {
                path: self.store.path().into(),
                entry,
                actual: actual.to_string(),
            }),
            None => Err(ImageError::DigestAlgorithm {
                path: self.store.path().into(),
                entry,
            }),
        }
    }

    /// The blob of a descriptor, of the size that the descriptor says.
    fn checked(&self, descriptor: &Descriptor) -> Result<Blob, ImageError> {
        let entry = blob_name(descriptor.digest());
        let blob = self.store.blob(&entry)?;
        let (expected, actual) = (descriptor.size(), blob.size());
        if expected != actual {
            return Err(ImageError::BlobSize {
                path: self.store.path().into(),
                entry,
                expected,
                actual,
            });
        }
        Ok(blob)
    }

    /// A document that is an index here and a manifest there could mean two images under one digest.
    fn check_media_type(
        &self,
        descriptor: &Descriptor,
        stated: Option<&MediaType>,
    ) -> Result<(), ImageError> {
        match stated {
            Some(stated) if stated != descriptor.media_type() => Err(ImageError::MediaType {
                path: self.store.path().into(),
                entry: blob_name(descriptor.digest()),
                expected: descriptor.media_type().to_string(),
                actual: stated.to_string(),
            }),
            _ => Ok(()),
        }
    }

    fn holds(&self, descriptor: &Descriptor) -> bool {
        self.store.holds(&blob_name(descriptor.digest()))
    }

    fn missing(&self, descriptor: &Descriptor) -> ImageError {
        ImageError::Missing {
            path: self.store.path().into(),
            entry: blob_name(descriptor.digest()),
        }
    }
}

fn digests(descriptors: &[Descriptor]) -> Vec<Digest> {
    let digests = descriptors.iter().map(Descriptor::digest);
    digests.cloned().collect()
}

/// Descriptors without those that say the same.
fn once_each(descriptors: Vec<Descriptor>) -> impl Iterator<Item = Descriptor> {
    let mut known = HashSet::new();
    descriptors.into_iter().filter(move |descriptor| {
        let (digest, media_type) = (descriptor.digest(), descriptor.media_type());
        known.insert((digest.clone(), media_type.to_string(), descriptor.size()))
    })
}
