//! Kept blobs: those that came from a daemon, for the builds that follow.
//!
//! A directory of blobs by digest. One has its name if and only if it was whole when it got it: it grows below `ingest`, and is
//! renamed. Several builds may use the directory at the same time; who prunes it is alone.
//!
//! Reads and writes: the directory. Unknown here: what the blobs are for, where else one may be.

use std::collections::HashSet;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use oci_image_boundary::cancel::Cancel;
use oci_image_boundary::handle::{Directory, PartialFile};
use oci_spec::image::Digest;
use rustix::fs::{AtFlags, FlockOperation, flock, unlinkat};

use super::directories::{BLOBS, INGEST, RECODED, STAMPS};
use super::prune::{self, Limits};
use super::recoded::Recoded;
use super::stamp::Stamps;
use super::turns::{Turn, Turns};
use crate::blob::Blob;
use crate::codec::Codec;

/// A directory of blobs that came from a daemon. Clones are the same one.
#[derive(Debug, Clone)]
pub struct KeptBlobs(Arc<Kept>);

#[derive(Debug)]
struct Kept {
    directory: Directory,
    blobs: Directory,
    ingest: Directory,
    stamps: Stamps,
    recoded: Recoded,
    codec: Codec,
    turns: Arc<Turns>,
    /// What was put since they were opened.
    put_lately: Mutex<HashSet<Digest>>,
    /// Held for its lock: the kernel releases it however this process ends.
    lock: OwnedFd,
}

impl KeptBlobs {
    /// The blobs below a directory, which may be empty; layers that come are compressed by `codec`. Blocking, as long as somebody
    /// prunes it.
    ///
    /// # Errors
    /// The system's.
    pub fn open(directory: Directory, codec: Codec) -> io::Result<Self> {
        let lock = directory.reopened()?;
        flock(&lock, FlockOperation::LockShared)?;
        let recoded = directory.made_own_directory(RECODED)?;
        Ok(Self(Arc::new(Kept {
            blobs: directory.made_own_directory(BLOBS)?,
            ingest: directory.made_own_directory(INGEST)?,
            stamps: Stamps::new(directory.made_own_directory(STAMPS)?),
            recoded: Recoded::new(recoded.made_own_directory(codec.id())?),
            codec,
            turns: Arc::default(),
            put_lately: Mutex::default(),
            directory,
            lock,
        })))
    }

    /// Where it is.
    pub fn directory(&self) -> &Directory {
        &self.0.directory
    }

    /// How layers are compressed that come.
    pub fn codec(&self) -> Codec {
        self.0.codec
    }

    /// The turn of a blob.
    pub(super) fn turn(&self, digest: &Digest) -> Turn {
        self.0.turns.take(digest)
    }

    /// A file that grows.
    pub(super) fn partial(&self) -> io::Result<PartialFile> {
        PartialFile::new(&self.0.ingest, ".tmp".as_ref())
    }

    /// Gives a blob its name that was compared with its digest while it grew.
    pub(super) fn put(&self, partial: PartialFile, digest: &Digest) -> io::Result<()> {
        partial.put(&self.0.blobs, digest.digest().as_ref())?;
        if let Some(blob) = self.at(digest) {
            self.0.stamps.vouch(digest, &blob);
        }
        self.put_lately().insert(digest.clone());
        Ok(())
    }

    /// Whether a blob was put since they were opened.
    pub(crate) fn is_new(&self, digest: &Digest) -> bool {
        self.put_lately().contains(digest)
    }

    fn put_lately(&self) -> MutexGuard<'_, HashSet<Digest>> {
        self.0
            .put_lately
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// What layers became here.
    pub(super) fn recoded(&self) -> &Recoded {
        &self.0.recoded
    }

    /// Whether blobs are the ones that their digests name.
    pub(super) fn stamps(&self) -> &Stamps {
        &self.0.stamps
    }

    /// A blob that is sound; one that is not is removed. Blocking.
    ///
    /// # Errors
    /// That it was called off.
    pub(super) fn blob(&self, digest: &Digest, cancel: &Cancel) -> io::Result<Option<Blob>> {
        let Some(blob) = self.at(digest) else {
            return Ok(None);
        };
        if self.0.stamps.is_sound(digest, &blob, cancel)? {
            return Ok(Some(blob));
        }
        // What resists is not used all the same.
        let _ = unlinkat(&self.0.blobs, digest.digest(), AtFlags::empty());
        Ok(None)
    }

    fn at(&self, digest: &Digest) -> Option<Blob> {
        Blob::named(&self.0.blobs, digest.digest().to_owned())
    }

    /// Removes what is beyond the limits, unless another build uses it; whether that was done. Blocking.
    ///
    /// # Errors
    /// The system's.
    pub fn prune(self, limits: Limits) -> io::Result<bool> {
        if flock(&self.0.lock, FlockOperation::NonBlockingLockExclusive).is_err() {
            return Ok(false);
        }
        prune::prune(&self.0.directory, limits)?;
        Ok(true)
    }
}
