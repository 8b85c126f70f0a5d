//! Images as files: opened by index, unpacked, and described.
//!
//! No layer is copied, decompressed or, where its digest is known, hashed: an [`Image`] knows where each of its blobs
//! lies in a file. Nothing of an archive is trusted: what is read is bounded, and every document is verified against
//! the digest that names it. What is said of a layer and is wrong is put right, in a manifest that takes its place.
//!
//! - [`Image`]: an image as its manifests, which are in memory, and its blobs, which are ranges of files.
//! - [`blob`]: one blob, and reading it at any offset.
//! - [`error`]: why an archive or a layout cannot be opened, by file and entry.
//! - [`claim`]: whether an image is whole, and the one that it is said to be.
//! - [`rootfs`]: a flattened tar stream as a directory that nothing can leave.
//! - [`metadata`]: `metadata.json`, from an image's config.
//! - [`sources`]: `LayerSources`, for those who push an archive.
//! - [`registry`]: serves images on loopback, read-only.
//! - [`entry`]: tar streams by entry, for archives and for root filesystems.
//!
//! Private: `store` (the files of an archive or a directory by name), `layout` and `docker` (what the names mean),
//! `document` (JSON as Go reads it), `layer` (what a layer is, whatever is said of it), `extension` (what stands before the
//! header of a tar entry), `time` (when an entry was modified).

pub mod blob;
pub mod claim;
mod docker;
mod document;
pub mod entry;
pub mod error;
mod extension;
mod layer;
mod layout;
pub mod metadata;
pub mod registry;
pub mod rootfs;
pub mod sources;
mod store;
mod time;

use std::collections::HashMap;
use std::path::Path;

use bytes::Bytes;
use oci_spec::image::{Descriptor, Digest, ImageManifest, MediaType};
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use oci_image_boundary::cancel::Cancel;
use oci_image_boundary::handle::Found;

use self::blob::Blob;
use self::error::ImageError;
use self::store::Store;

/// An image, or an index of images for several platforms, ready to be served.
#[derive(Debug)]
pub struct Image {
    root: Digest,
    manifests: HashMap<Digest, Manifest>,
    blobs: HashMap<Digest, Blob>,
    is_gzip: bool,
    effort: Effort,
}

/// A manifest or an index, byte for byte as its digest demands.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// What the bytes are: an image manifest or an index, in OCI's or Docker's form.
    pub media_type: MediaType,
    /// The document.
    pub bytes: Bytes,
    /// The config of the image; `None` if this is an index.
    pub config: Option<Descriptor>,
    /// What this manifest says about another, where it refers to one (`subject`).
    pub referrer: Option<Referrer>,
}

/// A manifest that belongs to another one: a signature, an attestation.
#[derive(Debug, Clone)]
pub struct Referrer {
    /// The manifest it belongs to; it need not be here.
    pub subject: Digest,
    /// The entry for a list of referrers, with artifact type and annotations.
    pub descriptor: Descriptor,
}

/// What it cost to open an image, in bytes; it does not grow with the size of layers that are named by their digest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Effort {
    /// Bytes read.
    pub read: u64,
    /// Of these, bytes hashed.
    pub hashed: u64,
}

impl Image {
    /// Opens the image at `path`, by its content:
    ///
    /// - a tar archive of an OCI layout: `skopeo copy oci-archive:`, `buildctl -o type=oci` and `type=docker`, newer
    ///   `docker save`;
    /// - an archive of `docker save` without one: `skopeo copy docker-archive:`, older Docker, and what writes alike;
    /// - a directory that is an OCI layout: `skopeo copy oci:`, `umoci`, `buildctl -o type=oci,tar=false`.
    ///
    /// An index for several platforms is kept whole; manifests that it names and that are not there are left to the
    /// client, which asks for its own platform only. A manifest that gives a layer a media type that it does not have is
    /// replaced by one that is right, with a digest of its own. Blocking: reads headers and JSON documents, not layers. The one
    /// exception is a `docker save` layer that is compressed and not named by its digest: it is hashed once, because a
    /// blob has no other name. An archive compressed as a whole (`.tar.gz`) has no ranges to serve, and is refused.
    ///
    /// ```no_run
    /// use oci_image_image::Image;
    ///
    /// let image = Image::open("base.tar".as_ref())?;
    /// println!("{} after {} bytes", image.digest(), image.effort().read);
    /// # Ok::<(), oci_image_image::error::ImageError>(())
    /// ```
    ///
    /// # Errors
    /// [`ImageError`], which names the file and the entry: missing, cut short, of another size or content than its
    /// digest says, beyond a limit, or with a path that leaves the archive.
    pub fn open(path: &Path) -> Result<Self, ImageError> {
        let found = Found::open(path).map_err(|source| ImageError::Open {
            path: path.into(),
            source,
        })?;
        Self::read(found, path, &Cancel::default())
    }

    /// The same of what was found at a path before, for as long as somebody wants it: a layer that has to be hashed may be large.
    ///
    /// # Errors
    /// As [`Image::open`]; after it was called off, any.
    pub fn read(found: Found, path: &Path, cancelled: &Cancel) -> Result<Self, ImageError> {
        let mut store = Store::open(found, path, cancelled)?;
        if store.holds(layout::MARKER) {
            layout::read(&mut store)
        } else if store.holds(docker::MANIFEST) {
            docker::read(&mut store)
        } else {
            Err(ImageError::NotAnImage { path: path.into() })
        }
    }

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

    /// Whether every layer is gzip, by its first bytes.
    pub fn is_gzip(&self) -> bool {
        self.is_gzip
    }

    /// What it cost to open the image.
    pub fn effort(&self) -> Effort {
        self.effort
    }
}

impl Manifest {
    /// An image manifest of that digest, parsed before; its bytes are `bytes`.
    fn of_image(
        digest: &Digest,
        media_type: &MediaType,
        bytes: Vec<u8>,
        parsed: &ImageManifest,
    ) -> Self {
        let referrer = parsed.subject().as_ref().map(|subject| {
            let mut descriptor =
                Descriptor::new(media_type.clone(), bytes.len() as u64, digest.clone());
            let artifact_type = parsed.artifact_type().clone();
            descriptor.set_artifact_type(
                artifact_type.or_else(|| Some(parsed.config().media_type().clone())),
            );
            descriptor.set_annotations(parsed.annotations().clone());
            Referrer {
                subject: subject.digest().clone(),
                descriptor,
            }
        });
        Self {
            media_type: media_type.clone(),
            bytes: bytes.into(),
            config: Some(parsed.config().clone()),
            referrer,
        }
    }

    /// An index.
    fn of_index(media_type: &MediaType, bytes: Vec<u8>) -> Self {
        Self {
            media_type: media_type.clone(),
            bytes: bytes.into(),
            config: None,
            referrer: None,
        }
    }
}

/// The digest of `bytes` by the algorithm of `like`, or `None` if that is none of the image-spec's.
fn digest_like(like: &Digest, bytes: &[u8]) -> Option<Digest> {
    let hex = match like.algorithm().as_ref() {
        "sha256" => hex(&Sha256::digest(bytes)),
        "sha384" => hex(&Sha384::digest(bytes)),
        "sha512" => hex(&Sha512::digest(bytes)),
        _ => return None,
    };
    Some(digest(like.algorithm().as_ref(), &hex))
}

/// The SHA-256 digest of a hash that is complete.
fn sha256(hash: Sha256) -> Digest {
    digest("sha256", &hex(&hash.finalize()))
}

fn digest(algorithm: &str, hex: &str) -> Digest {
    Digest::try_from(format!("{algorithm}:{hex}")).expect("a hash in hexadecimal is a digest")
}

fn hex(hash: &[u8]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}
