//! Manifests and indexes, as they are served.
//!
//! Reads and writes: nothing. Unknown here: where their bytes come from.

use bytes::Bytes;
use oci_spec::image::{Descriptor, Digest, ImageManifest, MediaType};

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

impl Manifest {
    /// An image manifest of that digest, parsed before; its bytes are `bytes`.
    pub(crate) fn of_image(
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
    pub(crate) fn of_index(media_type: &MediaType, bytes: Vec<u8>) -> Self {
        Self {
            media_type: media_type.clone(),
            bytes: bytes.into(),
            config: None,
            referrer: None,
        }
    }
}
