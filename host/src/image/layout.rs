//! OCI image layouts, in a directory or in an archive: `oci-layout`, `index.json`, `blobs/ALGORITHM/HEX`.
//!
//! Everything reachable from the one image is found: indexes within indexes, manifests, configs, layers. Documents are
//! verified against their digests, because what they say decides what is served; layers are checked for their size
//! only, and verified by the client that pulls them.
//!
//! Reads: the documents. Writes: nothing. Unknown here: archives, registries.
//! Source: OCI image-spec 1.1, `image-layout`, `image-index`, `manifest`; Docker's image manifest v2, schema 2.

use std::collections::HashMap;

use oci_spec::image::{
    Descriptor, Digest, ImageIndex, ImageManifest, MediaType, OciLayout, ToDockerV2S2,
};
use serde::de::DeserializeOwned;

use super::blob::Blob;
use super::error::ImageError;
use super::store::Store;
use super::{Image, Manifest, digest_like};

/// The file that makes a directory or an archive a layout.
pub(super) const MARKER: &str = "oci-layout";
const INDEX: &str = "index.json";
const VERSION: &str = "1.0.0";
const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// How many bytes of manifests are kept in memory for one image.
const MANIFESTS_LIMIT: u64 = 64 << 20;

/// Reads the one image of a layout.
///
/// Where `index.json` names several, it is either itself the index of one image, its entries being platforms, or the
/// entry tagged `latest` is meant.
pub(super) fn read(store: &mut Store) -> Result<Image, ImageError> {
    let marker = store.document(MARKER)?;
    let version: OciLayout = parse(store, MARKER, &marker)?;
    if version.image_layout_version() != VERSION {
        let version = version.image_layout_version().clone();
        return Err(ImageError::LayoutVersion {
            path: store.path().into(),
            version,
        });
    }
    let bytes = store.document(INDEX)?;
    let index: ImageIndex = parse(store, INDEX, &bytes)?;
    let mut walk = Walk {
        store,
        manifests: HashMap::new(),
        blobs: HashMap::new(),
        kept: 0,
    };
    let root = match choose(walk.store, &index)? {
        Choice::Entry(descriptor) => {
            walk.follow(descriptor)?;
            descriptor.digest().clone()
        }
        Choice::Whole => walk.root_index(bytes, &index)?,
    };
    let Walk {
        manifests, blobs, ..
    } = walk;
    Ok(Image {
        root,
        manifests,
        blobs,
        effort: store.effort,
    })
}

/// The name of the file that holds a blob.
pub(super) fn blob_name(digest: &Digest) -> String {
    format!("blobs/{}/{}", digest.algorithm(), digest.digest())
}

/// Parses a document of the store.
pub(super) fn parse<T: DeserializeOwned>(
    store: &Store,
    name: &str,
    bytes: &[u8],
) -> Result<T, ImageError> {
    serde_json::from_slice(bytes).map_err(|source| ImageError::Json {
        path: store.path().into(),
        entry: name.into(),
        source,
    })
}

enum Choice<'index> {
    Entry(&'index Descriptor),
    Whole,
}

fn choose<'index>(store: &Store, index: &'index ImageIndex) -> Result<Choice<'index>, ImageError> {
    // One image may be listed once for each of its tags.
    let mut images: Vec<&Descriptor> = Vec::new();
    for descriptor in index.manifests() {
        if !images
            .iter()
            .any(|image| image.digest() == descriptor.digest())
        {
            images.push(descriptor);
        }
    }
    match images.as_slice() {
        [] => {
            return Err(ImageError::Empty {
                path: store.path().into(),
            });
        }
        [image] => return Ok(Choice::Entry(image)),
        several
            if several
                .iter()
                .all(|image| image.platform().is_some() && ref_name(image).is_none()) =>
        {
            return Ok(Choice::Whole);
        }
        _ => {}
    }
    let latest = index
        .manifests()
        .iter()
        .find(|image| ref_name(image) == Some("latest"));
    latest
        .map(Choice::Entry)
        .ok_or_else(|| ImageError::SeveralImages {
            path: store.path().into(),
            names: images
                .iter()
                .map(|image| {
                    ref_name(image)
                        .unwrap_or(image.digest().as_ref())
                        .to_owned()
                })
                .collect(),
        })
}

fn ref_name(descriptor: &Descriptor) -> Option<&str> {
    descriptor
        .annotations()
        .as_ref()?
        .get(REF_NAME)
        .map(String::as_str)
}

/// What a document is, by its media type.
enum Role {
    Manifest,
    Index,
    Other,
}

fn role(media_type: &MediaType) -> Role {
    let is = |known: MediaType| {
        *media_type == known
            || known
                .to_docker_v2s2()
                .is_ok_and(|docker| media_type.as_ref() == docker)
    };
    if is(MediaType::ImageManifest) {
        Role::Manifest
    } else if is(MediaType::ImageIndex) {
        Role::Index
    } else {
        Role::Other
    }
}

/// The walk from one descriptor to everything it refers to.
struct Walk<'store> {
    store: &'store mut Store,
    manifests: HashMap<Digest, Manifest>,
    blobs: HashMap<Digest, Blob>,
    /// Bytes of manifests in memory.
    kept: u64,
}

impl Walk<'_> {
    /// Takes `index.json` itself as the image's index.
    fn root_index(&mut self, bytes: Vec<u8>, index: &ImageIndex) -> Result<Digest, ImageError> {
        self.store.effort.hashed += bytes.len() as u64;
        let digest = super::sha256(sha2::Digest::new_with_prefix(&bytes));
        for child in self.present_children(index)? {
            self.follow(&child)?;
        }
        let manifest = Manifest {
            media_type: MediaType::ImageIndex,
            bytes: bytes.into(),
            referrer: None,
        };
        self.manifests.insert(digest.clone(), manifest);
        Ok(digest)
    }

    /// Finds everything below `root`, which is a manifest or an index.
    fn follow(&mut self, root: &Descriptor) -> Result<(), ImageError> {
        if let Role::Other = role(root.media_type()) {
            return Err(ImageError::NotAManifest {
                path: self.store.path().into(),
                entry: blob_name(root.digest()),
                media_type: root.media_type().to_string(),
            });
        }
        // A list of what is left, not a recursion: an archive decides how deep its indexes are nested.
        let mut left = vec![root.clone()];
        while let Some(descriptor) = left.pop() {
            if self.manifests.contains_key(descriptor.digest()) {
                continue;
            }
            match role(descriptor.media_type()) {
                Role::Manifest => self.manifest(&descriptor)?,
                Role::Index => left.extend(self.index(&descriptor)?),
                Role::Other => self.blob(&descriptor)?,
            }
        }
        Ok(())
    }

    fn manifest(&mut self, descriptor: &Descriptor) -> Result<(), ImageError> {
        let bytes = self.document(descriptor)?;
        let manifest: ImageManifest = parse(self.store, &blob_name(descriptor.digest()), &bytes)?;
        self.check_media_type(descriptor, manifest.media_type().as_ref())?;
        self.blob(manifest.config())?;
        for layer in manifest.layers() {
            // Layers that may not be distributed are fetched from their own URLs.
            if layer.urls().as_ref().is_some_and(|urls| !urls.is_empty()) && !self.holds(layer) {
                continue;
            }
            self.blob(layer)?;
        }
        let digest = descriptor.digest();
        let manifest = Manifest::of_image(digest, descriptor.media_type(), bytes, &manifest);
        self.manifests.insert(digest.clone(), manifest);
        Ok(())
    }

    /// Takes an index, and returns what it refers to.
    fn index(&mut self, descriptor: &Descriptor) -> Result<Vec<Descriptor>, ImageError> {
        let bytes = self.document(descriptor)?;
        let index: ImageIndex = parse(self.store, &blob_name(descriptor.digest()), &bytes)?;
        self.check_media_type(descriptor, index.media_type().as_ref())?;
        let media_type = descriptor.media_type().clone();
        let manifest = Manifest {
            media_type,
            bytes: bytes.into(),
            referrer: None,
        };
        self.manifests.insert(descriptor.digest().clone(), manifest);
        self.present_children(&index)
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

    fn blob(&mut self, descriptor: &Descriptor) -> Result<(), ImageError> {
        let blob = self.checked(descriptor)?;
        self.blobs.insert(descriptor.digest().clone(), blob);
        Ok(())
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
