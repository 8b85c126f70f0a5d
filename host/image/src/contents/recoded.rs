//! Recoded: what layers became that were compressed here, so that none is compressed twice.
//!
//! A small file for each, by the digest of what it was, in a directory for the codec and its version. Which layer it is by then is
//! believed: it says no more than a digest and a size, and the blob is compared with that.
//!
//! Reads and writes: the directory. Unknown here: where the blobs are.

use std::ffi::OsStr;
use std::io::{self, Read as _, Write as _};
use std::str::FromStr;

use oci_image_boundary::handle::{Directory, PartialFile};
use oci_spec::image::Digest;

/// The most bytes that such a file has.
const LIMIT: u64 = 256;

/// A blob, as far as it is known without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Become {
    pub(crate) digest: Digest,
    pub(crate) size: u64,
}

/// What layers became by one codec.
#[derive(Debug)]
pub(super) struct Recoded(Directory);

impl Recoded {
    pub(super) fn new(directory: Directory) -> Self {
        Self(directory)
    }

    /// What a layer became.
    pub(super) fn of(&self, layer: &Digest) -> Option<Become> {
        self.becomes(layer.digest().as_ref())
    }

    /// The same by the name of the file that tells it.
    pub(super) fn becomes(&self, name: &OsStr) -> Option<Become> {
        let mut text = String::new();
        let file = self.0.file_beneath(name).ok()?;
        file.take(LIMIT).read_to_string(&mut text).ok()?;
        let (digest, size) = text.split_once(' ')?;
        Some(Become {
            digest: Digest::from_str(digest).ok()?,
            size: size.parse().ok()?,
        })
    }

    /// Says what a layer became.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn put(&self, layer: &Digest, becomes: &Become) -> io::Result<()> {
        let mut partial = PartialFile::new(&self.0, ".tmp".as_ref())?;
        write!(partial.file, "{} {}", becomes.digest, becomes.size)?;
        partial.put(&self.0, layer.digest().as_ref())
    }
}
