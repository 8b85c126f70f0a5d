//! The intake of a build: blobs that the daemon sends go to those that are kept, if this machine has them nowhere.
//!
//! Reads: base images, the build's cache, the daemon's own blobs. Writes: `kept-blobs` in the daemon's root. Unknown
//! here: which image blobs are of.

use std::ffi::OsString;
use std::io;
use std::path::Path;

use oci_image_schema::plan::Compression;
use oci_spec::image::Digest;

use crate::boundary::blocking::blocking;
use crate::boundary::cancel::Cancel;
use crate::boundary::handle::Directory;
use crate::boundary::outside::shown;
use crate::buildkit::content::{IncomingBlob, Intake};
use crate::executor::bases::Bases;
use crate::executor::error::BuildError;
use crate::executor::host::Host;
use crate::executor::opened::Opened;
use crate::image::codec::{Codec, GzipLevel, ZstdLevel};
use crate::image::contents::{Arrival, Contents, KeptBlobs, Limits};
use crate::storage::place::{KEPT, WORKER};

/// The codec of a plan, which names no level that its codec does not have.
pub(super) fn codec(compression: Compression) -> Codec {
    match compression {
        Compression::Gzip(level) => Codec::Gzip {
            level: level.and_then(GzipLevel::new).unwrap_or_default(),
        },
        Compression::Zstd(level) => Codec::Zstd {
            level: level.and_then(ZstdLevel::new).unwrap_or_default(),
        },
    }
}

/// What this machine has of the images of a build, until it is not wanted any more.
///
/// # Errors
/// [`BuildError::Kept`].
pub(super) async fn contents(
    bases: &Bases,
    codec: Codec,
    host: &Host,
    opened: &Opened,
    unwanted: &Cancel,
) -> Result<Contents, BuildError> {
    let images = bases.images();
    let mut layouts: Vec<Directory> = opened.cache.iter().cloned().collect();
    let (root, unwanted) = (host.root.clone(), unwanted.clone());
    blocking(move || {
        let mut open = || {
            let root = Directory::open(&root)?;
            layouts.extend(of_daemon(&root)?);
            KeptBlobs::open(root.made_own_directory(KEPT)?, codec)
        };
        let kept = open().map_err(|source| BuildError::Kept {
            path: root.join(KEPT),
            source,
        })?;
        Ok(Contents::new(kept, images, layouts, unwanted))
    })
    .await
}

/// The daemon's own blobs, which it has written to the same disk. It removes what it needs no longer.
pub(super) fn of_daemon(root: &Directory) -> io::Result<Vec<Directory>> {
    let is_worker = |name: &OsString| name.as_encoded_bytes().starts_with(WORKER.as_bytes());
    let workers = root.names()?.into_iter().filter(is_worker);
    let contents = workers.map(|name| root.own_directory(Path::new(&name).join("content")));
    Ok(contents.flatten().collect())
}

/// Removes what is not kept longer.
pub(super) async fn prune(contents: Contents, host: &Host) {
    let kept = contents.into_kept();
    let path = kept.directory().path().to_owned();
    if let Err(error) = blocking(move || kept.prune(Limits::USUAL)).await {
        host.audience.warning(&format!(
            "cannot prune the blobs that are kept in `{}`: {error}",
            shown(&path)
        ));
    }
}

/// Takes what all solves of a build export.
pub(super) struct BlobIntake(Contents);

/// A blob on its way to those that are kept.
struct ArrivingBlob(Arrival);

impl BlobIntake {
    pub(super) fn new(contents: Contents) -> Self {
        Self(contents)
    }
}

impl Intake for BlobIntake {
    fn begin(
        &self,
        digest: Option<&Digest>,
        _size: Option<u64>,
    ) -> io::Result<Option<Box<dyn IncomingBlob>>> {
        let arrival = self.0.arrival(digest)?;
        Ok(arrival.map(|arrival| Box::new(ArrivingBlob(arrival)) as Box<dyn IncomingBlob>))
    }

    fn path(&self) -> &Path {
        self.0.kept().directory().path()
    }
}

impl IncomingBlob for ArrivingBlob {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write(bytes)
    }

    fn commit(self: Box<Self>, digest: &Digest) -> io::Result<()> {
        self.0.commit(digest)
    }
}

#[cfg(test)]
mod tests {
    use oci_image_schema::compression::{MOST_OF_GZIP, MOST_OF_ZSTD};

    use super::*;

    #[test]
    fn codec_has_each_level_that_a_request_may_name_and_no_more() {
        for level in 0..=u8::MAX {
            let of_gzip = (1..=MOST_OF_GZIP).contains(&level);
            assert_eq!(GzipLevel::new(level).is_some(), of_gzip, "{level}");
            let of_zstd = (1..=MOST_OF_ZSTD).contains(&level);
            assert_eq!(ZstdLevel::new(level).is_some(), of_zstd, "{level}");
        }
    }

    #[test]
    fn levels_that_are_left_out_are_those_that_the_documentation_names() {
        assert_eq!(codec(Compression::default()), Codec::gzip());
        assert_eq!(codec(Compression::Gzip(Some(5))), Codec::gzip());
        assert_eq!(codec(Compression::Zstd(None)), Codec::zstd());
        assert_eq!(codec(Compression::Zstd(Some(3))), Codec::zstd());
    }
}
