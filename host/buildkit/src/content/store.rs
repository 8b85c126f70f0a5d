//! A store: blobs in a directory, each by its digest.
//!
//! A blob is at `blobs/sha256/<hex>` if and only if it is whole: it is written below `ingest`, verified, and renamed. Directories
//! are the layout's to make: one that is given up while a write goes on stays away.
//!
//! Reads and writes: `ingest` and `blobs`. Unknown here: who asks, what the blobs are.
//! Source: OCI image-spec 1.1, image-layout.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use oci_spec::image::{Digest as BlobDigest, DigestAlgorithm};
use tonic::Status;

use crate::content::intake::{IncomingBlob, Intake};
use crate::content::source::{BlobSource, OpenBlob};
use oci_image_boundary::handle::{Directory, PartialFile};
use oci_image_boundary::outside::shown;

/// Where blobs are in it, and where they grow.
pub(crate) const BLOBS: &str = "blobs/sha256";
pub(crate) const INGEST: &str = "ingest";

/// A directory of blobs in the form of an OCI layout.
#[derive(Debug, Clone)]
pub struct Store {
    directory: Directory,
    access: Access,
}

/// What the daemon may do with a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Read, in trust that each blob is the one that its name says.
    Read,
    /// Read, after a comparison of each blob with its digest.
    ReadVerified,
    /// Read in trust, and write.
    Write,
}

/// Why a store failed.
#[derive(Debug, thiserror::Error)]
pub enum ContentError {
    /// A blob that is there cannot be read.
    #[error("cannot read blob `{}`", shown(path))]
    Read {
        /// The blob's file.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// A blob is not the one that its name says.
    #[error("blob `{}` is damaged", shown(path))]
    Damaged {
        /// The blob's file.
        path: PathBuf,
    },
    /// A blob cannot be written.
    #[error("cannot write a blob to `{}`", shown(directory))]
    Write {
        /// The store.
        directory: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
}

impl Store {
    /// The store in `directory`.
    pub(crate) fn new(directory: Directory, access: Access) -> Self {
        Self { directory, access }
    }

    /// What the daemon may do with it.
    pub(crate) fn access(&self) -> Access {
        self.access
    }

    /// Opens a blob for reading.
    pub(crate) fn open(&self, digest: &BlobDigest) -> io::Result<File> {
        self.directory.file_beneath(name(digest))
    }

    /// The size of a blob's file.
    pub(crate) fn size(&self, digest: &BlobDigest) -> io::Result<u64> {
        Ok(self.directory.beneath().metadata(name(digest))?.len())
    }

    /// Where a blob is, or would be, as a person knows it.
    pub(crate) fn path(&self, digest: &BlobDigest) -> PathBuf {
        self.directory.full_path(name(digest))
    }
}

impl BlobSource for Store {
    fn open(&self, digest: &BlobDigest) -> io::Result<Option<Box<dyn OpenBlob>>> {
        let file = match Store::open(self, digest) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let size = file.metadata()?.len();
        Ok(Some(Box::new(OpenFile { file, size })))
    }

    fn path(&self, digest: &BlobDigest) -> PathBuf {
        Store::path(self, digest)
    }

    fn is_doubted(&self) -> bool {
        self.access == Access::ReadVerified
    }
}

/// A blob that is a file.
struct OpenFile {
    file: File,
    size: u64,
}

impl OpenBlob for OpenFile {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.file.read_exact_at(buffer, offset)
    }
}

impl Intake for Store {
    fn begin(
        &self,
        digest: Option<&BlobDigest>,
        size: Option<u64>,
    ) -> io::Result<Option<Box<dyn IncomingBlob>>> {
        let found = digest.and_then(|digest| self.size(digest).ok());
        // One of another size is damaged, and is replaced.
        if found.is_some_and(|found| size.is_none_or(|size| size == found)) {
            return Ok(None);
        }
        let ingest = self.directory.own_directory(INGEST)?;
        Ok(Some(Box::new(Unnamed {
            partial: PartialFile::new(&ingest, ".tmp".as_ref())?,
            store: self.directory.clone(),
        })))
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }
}

/// A blob that has no name in its store yet.
struct Unnamed {
    partial: PartialFile,
    store: Directory,
}

impl IncomingBlob for Unnamed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.partial.file.write_all(bytes)
    }

    fn commit(self: Box<Self>, digest: &BlobDigest) -> io::Result<()> {
        let blobs = self.store.own_directory(BLOBS)?;
        self.partial.put(&blobs, digest.digest().as_ref())
    }
}

/// Where a blob is in its store.
fn name(digest: &BlobDigest) -> PathBuf {
    Path::new("blobs")
        .join(digest.algorithm().as_ref())
        .join(digest.digest())
}

/// A digest by which blobs are kept, whose parts are safe as names of files.
pub(crate) fn parse(digest: &str) -> Result<BlobDigest, Status> {
    parse_any(digest)
        .ok()
        .filter(|digest| *digest.algorithm() == DigestAlgorithm::Sha256)
        .ok_or_else(|| Status::invalid_argument(format!("`{digest}` is not a sha256 digest")))
}

/// The same of any algorithm that images know.
pub(crate) fn parse_any(digest: &str) -> Result<BlobDigest, Status> {
    BlobDigest::from_str(digest)
        .ok()
        .filter(|digest| !matches!(digest.algorithm(), DigestAlgorithm::Other(_)))
        .ok_or_else(|| Status::invalid_argument(format!("`{digest}` is not a digest")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_that_is_no_name_of_a_file_is_refused() {
        let hex = "a".repeat(64);

        assert_eq!(parse(&format!("sha256:{hex}")).unwrap().digest(), hex);
        for digest in [
            "sha256:../../etc/passwd",
            "sha256:",
            "",
            "md5:00",
            &format!("sha512:{hex}{hex}"),
        ] {
            assert_eq!(
                parse(digest).unwrap_err().message(),
                format!("`{digest}` is not a sha256 digest")
            );
        }
        assert!(parse_any(&format!("sha512:{hex}{hex}")).is_ok());
        assert!(parse_any("sha512:../../etc/passwd").is_err());
        assert!(parse_any("../..:00").is_err());
    }
}
