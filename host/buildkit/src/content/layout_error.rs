//! Why a layout cannot be used.
//!
//! Reads and writes: nothing. Unknown here: what it is used for.

use std::io;
use std::path::PathBuf;

use oci_spec::image::Digest as BlobDigest;

use oci_image_boundary::outside::shown;

/// Why a layout cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LayoutError {
    /// A file of it cannot be read.
    #[error("cannot read `{}`", shown(path))]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// A file of it cannot be written or deleted.
    #[error("cannot write `{}`", shown(path))]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// A file of it is not what it has to be.
    #[error("`{}` is not an index or a manifest", shown(path))]
    Parse {
        /// The file.
        path: PathBuf,
        /// The defect.
        source: serde_json::Error,
    },
    /// The daemon describes the image that it sent in a way we do not understand.
    #[error(
        "the daemon's description of the image in `{}` is malformed",
        shown(path)
    )]
    Descriptor {
        /// Where the image would be.
        path: PathBuf,
        /// The defect.
        source: serde_json::Error,
    },
    /// A document is larger than is read into memory.
    #[error(
        "`{}` holds {size} bytes, more than the {limit} that an index or a manifest may have",
        shown(path)
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size in bytes.
        size: u64,
        /// The largest one that is read.
        limit: u64,
    },
    /// The layout refers to more than is followed.
    #[error("`{}` leads to more than {limit} {what}", shown(path))]
    TooMany {
        /// The document that leads beyond the limit.
        path: PathBuf,
        /// How many there may be.
        limit: usize,
        /// Of what.
        what: &'static str,
    },
    /// A blob is missing, or is not the one that its digest names.
    #[error("blob {digest} in `{}` is missing or damaged", shown(directory))]
    Blob {
        /// The layout.
        directory: PathBuf,
        /// The blob.
        digest: BlobDigest,
    },
}
