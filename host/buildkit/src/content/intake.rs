//! Intake: what takes the blobs that an exporter sends one by one.
//!
//! Reads and writes: nothing itself. Unknown here: how blobs come (`ingest`), what they are for.

use std::io;
use std::path::Path;

use oci_spec::image::Digest;

/// Takes blobs. Several may come at the same time, of several solves too. Everything of it may block.
pub trait Intake: Send + Sync {
    /// A place for the blob of this digest and size, as far as the daemon has told them; `None` if it is had already: then it does
    /// not come.
    ///
    /// # Errors
    /// The system's. The solve fails with it as its cause.
    fn begin(
        &self,
        digest: Option<&Digest>,
        size: Option<u64>,
    ) -> io::Result<Option<Box<dyn IncomingBlob>>>;

    /// Where it is, as a person knows it.
    fn path(&self) -> &Path;
}

/// A blob on its way. Dropped before it is committed, nothing of it stays.
pub trait IncomingBlob: Send {
    /// Takes what follows what was taken.
    ///
    /// # Errors
    /// The system's.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Keeps the blob, all of which has come and has this digest.
    ///
    /// # Errors
    /// The system's.
    fn commit(self: Box<Self>, digest: &Digest) -> io::Result<()>;
}
