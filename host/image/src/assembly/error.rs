//! Why an image cannot be put together.
//!
//! Reads and writes: nothing.

use std::io;
use std::path::PathBuf;

use oci_image_boundary::outside::shown;
use oci_spec::image::Digest;

use crate::rootfs::error::RootfsError;

/// Why an image cannot be put together from the blobs that are there.
#[derive(Debug, thiserror::Error)]
pub enum AssemblyError {
    /// The image names a blob that has not come, and is nowhere else.
    #[error("blob {digest} of the image has not come, and is not kept either")]
    Missing {
        /// The blob.
        digest: Digest,
    },
    /// A blob cannot be read, or a layer not be compressed.
    #[error("cannot read blob {digest} of the image")]
    Blob {
        /// The blob.
        digest: Digest,
        /// What went wrong.
        source: io::Error,
    },
    /// A document is not what it has to be.
    #[error("{digest} is not an index, a manifest or a config")]
    Document {
        /// The document.
        digest: Digest,
        /// The defect, where it is no JSON.
        source: Option<serde_json::Error>,
    },
    /// A document is larger than is read into memory, or leads too deep.
    #[error("{digest} is no index or manifest that is followed: {beyond}")]
    Beyond {
        /// The document.
        digest: Digest,
        /// The limit.
        beyond: &'static str,
    },
    /// An archive holds one image.
    #[error(
        "the image has several platforms, and an archive holds one; name one platform, or set `output_oci`"
    )]
    SeveralPlatforms,
    /// The layers cannot be unpacked.
    #[error(transparent)]
    Rootfs(#[from] RootfsError),
    /// The file or directory cannot be written.
    #[error("cannot write `{}`", shown(path))]
    Write {
        /// What is written.
        path: PathBuf,
        /// What the system answered, or that it was called off.
        source: io::Error,
    },
}
