//! A document of a layout: an index or a manifest, as far as it names other blobs.
//!
//! Reads: files that are open. Writes: nothing. Unknown here: where they are.
//! Source: OCI image-spec 1.1, image-index and image-manifest.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use oci_spec::image::{Descriptor, MediaType};
use serde::Deserialize;

use crate::content::layout_error::LayoutError;

/// The largest index or manifest, in bytes; registries need not take larger ones either (OCI distribution-spec 1.1,
/// `Pushing Manifests`). That of a cache would be one of 15,000 layers.
const DOCUMENT_LIMIT: u64 = 4 << 20;

/// A manifest or an index, as far as it names other blobs. Go writes an empty list as `null`.
#[derive(Deserialize)]
pub(super) struct List {
    pub(super) manifests: Option<Vec<Descriptor>>,
    pub(super) config: Option<Descriptor>,
    pub(super) layers: Option<Vec<Descriptor>>,
}

/// A document, as long as it may be; messages call it by `path`.
pub(super) fn read(file: File, path: &Path) -> Result<Vec<u8>, LayoutError> {
    let unread = |source| LayoutError::Read {
        path: path.to_owned(),
        source,
    };
    let size = file.metadata().map_err(unread)?.len();
    if size > DOCUMENT_LIMIT {
        return Err(LayoutError::TooLarge {
            path: path.to_owned(),
            size,
            limit: DOCUMENT_LIMIT,
        });
    }
    // It may grow while it is read.
    let mut text = Vec::new();
    let read = file.take(DOCUMENT_LIMIT).read_to_end(&mut text);
    read.map(|_| text).map_err(unread)
}

/// What a document names.
pub(super) fn parse(path: &Path, text: &[u8]) -> Result<List, LayoutError> {
    serde_json::from_slice(text).map_err(|source| LayoutError::Parse {
        path: path.to_owned(),
        source,
    })
}

/// Whether a blob of this type names other blobs.
pub(super) fn is_list(media_type: &MediaType) -> bool {
    let docker = [
        "vnd.docker.distribution.manifest.v2+json",
        "vnd.docker.distribution.manifest.list.v2+json",
    ];
    match media_type {
        MediaType::ImageIndex | MediaType::ImageManifest => true,
        other => docker.iter().any(|name| other.to_string().ends_with(name)),
    }
}
