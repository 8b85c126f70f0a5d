//! Names in a layout: its own files, and those of its blobs.

use oci_spec::image::Digest;

/// The file that makes a directory or an archive a layout.
pub(crate) const MARKER: &str = "oci-layout";
/// The file that names its image.
pub(crate) const INDEX: &str = "index.json";

/// The directory of its blobs, by SHA-256.
pub(crate) const BLOBS: &str = "blobs/sha256";

/// The name of the file that holds a blob.
pub(crate) fn blob_name(digest: &Digest) -> String {
    format!("blobs/{}/{}", digest.algorithm(), digest.digest())
}
