//! Stamps: that a blob was compared with its digest, and lies there untouched since.
//!
//! A stamp is an empty file whose name tells the digest and a hash of what the kernel says of the blob's file: a write, whoever makes
//! it, changes the time of the last change of its inode, which nobody can set. So a gigabyte that was read once is not read again,
//! and one that was damaged is noticed. Its own time is that of the last use.
//!
//! Reads: blobs, where they have no stamp. Writes: `stamps`. Unknown here: where blobs are.

use std::fs::File;
use std::io;
use std::time::SystemTime;

use oci_image_boundary::cancel::Cancel;
use oci_image_boundary::handle::Directory;
use oci_image_boundary::hashing::Hashing;
use oci_image_boundary::hex::hex;
use oci_spec::image::{Digest, DigestAlgorithm};
use rustix::fs::{Mode, OFlags, fstat, openat};
use sha2::{Digest as _, Sha256};

use crate::blob::{Blob, Reader};
use crate::digest::sha256;

/// The stamps of a store.
#[derive(Debug)]
pub(super) struct Stamps(Directory);

impl Stamps {
    pub(super) fn new(directory: Directory) -> Self {
        Self(directory)
    }

    /// Whether a blob is the one that its digest names; one that cannot be read is not. It is read if it was not since it was written.
    /// Blocking.
    ///
    /// # Errors
    /// That it was called off.
    pub(super) fn is_sound(
        &self,
        digest: &Digest,
        blob: &Blob,
        cancel: &Cancel,
    ) -> io::Result<bool> {
        let is_sound = self.compare(digest, blob, cancel).unwrap_or(false);
        if !is_sound {
            cancel.check()?;
        }
        Ok(is_sound)
    }

    fn compare(&self, digest: &Digest, blob: &Blob, cancel: &Cancel) -> io::Result<bool> {
        if *digest.algorithm() != DigestAlgorithm::Sha256 {
            return Ok(false);
        }
        let reader = blob.open()?;
        let name = name(digest, blob, &reader)?;
        if self.use_again(&name) {
            return Ok(true);
        }
        let mut hashing = Hashing::new(io::sink());
        reader.write_to(&mut hashing, blob.size(), cancel)?;
        let (_, hash, _) = hashing.finish();
        let is_sound = sha256(hash) == *digest;
        if is_sound {
            self.put(&name);
        }
        Ok(is_sound)
    }

    /// Says of a blob that was compared just now that it is the one that its digest names.
    pub(super) fn vouch(&self, digest: &Digest, blob: &Blob) {
        let name = blob.open().and_then(|reader| name(digest, blob, &reader));
        if let Ok(name) = name {
            self.put(&name);
        }
    }

    /// Whether a stamp is there; its time is now.
    fn use_again(&self, name: &str) -> bool {
        let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let Ok(stamp) = openat(&self.0, name, flags, Mode::empty()) else {
            return false;
        };
        // A time that stays is an age that is too great: the blob goes a little early.
        let _ = File::from(stamp).set_modified(SystemTime::now());
        true
    }

    // Without it the blob is read once more.
    fn put(&self, name: &str) {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let _ = openat(&self.0, name, flags, Mode::RUSR | Mode::WUSR);
    }
}

/// The name of the stamp of a blob as its file is now.
fn name(digest: &Digest, blob: &Blob, reader: &Reader) -> io::Result<String> {
    let mut hash = Sha256::new();
    if let Some((file, start)) = reader.place() {
        let found = fstat(file)?;
        let told = format!(
            "{} {} {} {} {} {} {} {start} {}",
            found.st_dev,
            found.st_ino,
            found.st_size,
            found.st_mtime,
            found.st_mtime_nsec,
            found.st_ctime,
            found.st_ctime_nsec,
            blob.size(),
        );
        hash.update(told);
    }
    let told = hex(&hash.finalize());
    Ok(format!("{}.{}", digest.digest(), &told[..32]))
}
