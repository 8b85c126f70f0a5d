//! The role of a document: a manifest, an index, or neither.

use oci_spec::image::{MediaType, ToDockerV2S2};

/// What a document is, by its media type.
pub(crate) enum Role {
    Manifest,
    Index,
    Other,
}

impl Role {
    /// By its media type, OCI's or Docker's.
    pub(crate) fn of(media_type: &MediaType) -> Self {
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
}
