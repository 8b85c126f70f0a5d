//! Layers: what they are by their first bytes, whatever is said of them.
//!
//! The daemon believes media types: a layer that is said to be gzip and is not leaves it as it came, and so does one of an
//! unknown type, or not at all. What is said of a layer is therefore put right before it is served. A layer of no bytes at
//! all is an empty one to those who read it, but no blob that a daemon can fetch; it is served as a gzip of nothing.
//!
//! Reads: the first bytes of layers. Unknown here: manifests, archives.
//! Source: OCI image-spec 1.1, `layer`; Docker's image manifest v2, schema 2; RFC 1952; RFC 8878; POSIX.1-2024 `ustar`.

use std::io;

use oci_spec::image::{Descriptor, MediaType};
use sha2::{Digest as _, Sha256};

use crate::blob::{Blob, Content};
use crate::digest::sha256;
use crate::error::ImageError;
use crate::store::Store;

/// The most layers that an image may have; Docker makes no more than 127. Each one may have to be hashed.
pub(super) const LAYER_LIMIT: usize = 1024;

/// A gzip of no bytes.
const NOTHING: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x03\0\0\0\0\0\0\0\0\0";

/// Where the magic of a tar header is, and what it is.
const TAR_MAGIC: (usize, &[u8]) = (257, b"ustar");

/// How many bytes of a layer tell what it is.
pub(super) const TELLING: usize = 512;

/// How a layer is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    Gzip,
    Zstd,
}

impl Compression {
    /// By the first bytes of a layer.
    pub(super) fn of(start: &[u8]) -> Self {
        if start.starts_with(b"\x1f\x8b") {
            Self::Gzip
        } else if start.starts_with(b"\x28\xb5\x2f\xfd") {
            Self::Zstd
        } else {
            Self::None
        }
    }

    /// By a media type of OCI's or Docker's, also of layers that may not be distributed; `None` where it is another.
    fn stated(media_type: &MediaType) -> Option<Self> {
        let name = media_type.to_string();
        let oci = name
            .strip_prefix("application/vnd.oci.image.layer.v1.tar")
            .or_else(|| {
                name.strip_prefix("application/vnd.oci.image.layer.nondistributable.v1.tar")
            });
        let docker = name
            .strip_prefix("application/vnd.docker.image.rootfs.diff.tar")
            .or_else(|| name.strip_prefix("application/vnd.docker.image.rootfs.foreign.diff.tar"));
        match (oci, docker) {
            (Some(""), _) | (_, Some("")) => Some(Self::None),
            (Some("+gzip"), _) | (_, Some(".gzip")) => Some(Self::Gzip),
            (Some("+zstd"), _) | (_, Some(".zstd")) => Some(Self::Zstd),
            _ => None,
        }
    }

    /// OCI's media type of a layer that is compressed so.
    pub(super) fn media_type(self) -> MediaType {
        match self {
            Self::None => MediaType::ImageLayer,
            Self::Gzip => MediaType::ImageLayerGzip,
            Self::Zstd => MediaType::ImageLayerZstd,
        }
    }
}

/// A layer of no bytes, as it is served.
pub(super) fn nothing() -> (Descriptor, Blob) {
    let size = NOTHING.len() as u64;
    let digest = sha256(Sha256::new_with_prefix(NOTHING));
    let descriptor = Descriptor::new(MediaType::ImageLayerGzip, size, digest);
    (descriptor, Blob::new(size, Content::Constant(NOTHING)))
}

/// What has to be served in the place of a layer, if what is said of it is wrong; `file` is its name in the store.
///
/// What has a type of its own and is neither compressed nor a tar archive is left alone: it is no layer (an attestation).
pub(super) fn put_right(
    store: &mut Store,
    file: &str,
    stated: &Descriptor,
    blob: &Blob,
) -> Result<Option<(Descriptor, Blob)>, ImageError> {
    let said = Compression::stated(stated.media_type());
    if blob.size() == 0 {
        return Ok(said.map(|_| nothing()));
    }
    let start = store.start_of(file, blob, 4)?;
    let found = Compression::of(&start);
    let is_right = match said {
        Some(said) => said == found,
        None => found == Compression::None && !is_tar(store, file, blob)?,
    };
    if is_right {
        return Ok(None);
    }
    let mut descriptor = stated.clone();
    descriptor.set_media_type(found.media_type());
    Ok(Some((descriptor, blob.clone())))
}

/// Whether what begins so is a tar archive, of nothing too.
pub(super) fn is_archive(start: &[u8]) -> bool {
    let (offset, magic) = TAR_MAGIC;
    let is_end = |block: &[u8]| block.iter().all(|byte| *byte == 0);
    let is_header = start
        .get(offset..)
        .is_some_and(|rest| rest.starts_with(magic));
    is_header || start.get(..TELLING).is_some_and(is_end)
}

/// How a blob begins, as far as that tells what it is.
pub(super) fn start(blob: &Blob) -> io::Result<Vec<u8>> {
    let mut start = vec![0; blob.size().min(TELLING as u64) as usize];
    blob.open()?.read_exact_at(&mut start, 0)?;
    Ok(start)
}

/// Whether what begins so is an archive that is not compressed.
pub(super) fn is_raw(start: &[u8]) -> bool {
    Compression::of(start) == Compression::None && is_archive(start)
}

fn is_tar(store: &mut Store, file: &str, blob: &Blob) -> Result<bool, ImageError> {
    let (offset, magic) = TAR_MAGIC;
    let start = store.start_of(file, blob, offset + magic.len())?;
    Ok(is_archive(&start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_of_layers_say_how_they_are_compressed() {
        let cases = [
            (
                "application/vnd.oci.image.layer.v1.tar",
                Some(Compression::None),
            ),
            (
                "application/vnd.oci.image.layer.v1.tar+gzip",
                Some(Compression::Gzip),
            ),
            (
                "application/vnd.oci.image.layer.v1.tar+zstd",
                Some(Compression::Zstd),
            ),
            (
                "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
                Some(Compression::Gzip),
            ),
            (
                "application/vnd.docker.image.rootfs.diff.tar",
                Some(Compression::None),
            ),
            (
                "application/vnd.docker.image.rootfs.diff.tar.gzip",
                Some(Compression::Gzip),
            ),
            (
                "application/vnd.docker.image.rootfs.diff.tar.zstd",
                Some(Compression::Zstd),
            ),
            (
                "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
                Some(Compression::Gzip),
            ),
            ("application/vnd.docker.image.rootfs.diff.tar+gzip", None),
            ("application/vnd.oci.image.layer.v1.tar+xz", None),
            ("application/vnd.in-toto+json", None),
            ("", None),
        ];
        for (name, expected) in cases {
            assert_eq!(Compression::stated(&name.into()), expected, "{name}");
        }
    }
}
