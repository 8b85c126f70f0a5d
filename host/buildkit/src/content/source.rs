//! Source: what the blobs are read from that the daemon asks for.
//!
//! Reads and writes: nothing itself. Unknown here: who asks (`service`), what blobs are for.

use std::io;
use std::path::PathBuf;

use oci_spec::image::Digest;

/// Has blobs, each by its digest. Several may be read at the same time. Everything of it may block.
pub trait BlobSource: Send + Sync {
    /// Opens a blob; `None` if there is none of this digest.
    ///
    /// # Errors
    /// The system's. The solve fails with it as its cause.
    fn open(&self, digest: &Digest) -> io::Result<Option<Box<dyn OpenBlob>>>;

    /// Where a blob is, or would be, as a person knows it.
    fn path(&self, digest: &Digest) -> PathBuf;

    /// Whether a blob is compared with its digest before it is read for the first time. The daemon notices a difference too, and
    /// fails the solve without telling whose blob it was.
    fn is_doubted(&self) -> bool {
        false
    }
}

/// A blob that can be read in any order.
pub trait OpenBlob: Send {
    /// Its size in bytes.
    fn size(&self) -> u64;

    /// Fills `buffer` from `offset` of the blob on.
    ///
    /// # Errors
    /// `UnexpectedEof` where the blob ends before; else the system's.
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()>;
}
