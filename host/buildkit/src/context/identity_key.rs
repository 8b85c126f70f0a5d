//! The key of identities: a secret of one daemon's user, kept beside what the daemon keeps.
//!
//! Reads and writes: its file. Unknown here: what is signed. Source: RFC 2104.

use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::sync::Arc;

use ring::hmac;
use rustix::fs::{AtFlags, fsync, unlinkat};
use rustix::io::Errno;

use crate::context::private_file;
use oci_image_boundary::handle::Directory;

/// The key's file.
const NAME: &str = "oci-image.key";

/// The key's length, in bytes.
const LENGTH: usize = 32;

/// A secret of one daemon's user, which makes identities of fingerprints. It is kept beside what the daemon keeps.
#[derive(Clone)]
pub struct IdentityKey {
    key: hmac::Key,
    directory: Arc<Directory>,
}

impl IdentityKey {
    /// The key that is kept in a directory; a new one if there is none. Blocking.
    ///
    /// # Errors
    /// The system's; of the kind `InvalidData` for what is not a key that this user alone can read. That is removed, so that the next
    /// one is new.
    pub fn kept_in(directory: Directory) -> io::Result<Self> {
        let kept = read(&directory).and_then(|kept| match kept {
            Some(key) => Ok(key),
            None => make(&directory),
        });
        if let Err(error) = &kept
            && error.kind() == io::ErrorKind::InvalidData
        {
            remove(&directory)?;
        }
        Ok(Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, &kept?),
            directory: Arc::new(directory),
        })
    }

    /// Where it is kept.
    pub(super) fn directory(&self) -> &Directory {
        &self.directory
    }

    /// Ends it: no later session has an identity of it. Blocking.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn end(&self) -> io::Result<()> {
        remove(&self.directory)
    }

    /// A MAC of something.
    pub(super) fn sign(&self, bytes: &[u8]) -> hmac::Tag {
        hmac::sign(&self.key, bytes)
    }
}

fn read(directory: &Directory) -> io::Result<Option<[u8; LENGTH]>> {
    let file = match private_file::open(directory, NAME) {
        Err(Errno::NOENT) => return Ok(None),
        // A link, or a socket.
        Err(Errno::LOOP | Errno::NXIO) => return Err(io::ErrorKind::InvalidData.into()),
        opened => opened?,
    };
    let found = file.metadata()?;
    let is_ours = found.uid() == rustix::process::geteuid().as_raw();
    let is_private = found.permissions().mode() & 0o077 == 0;
    if !(found.is_file() && is_ours && is_private && found.len() == LENGTH as u64) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut key = [0; LENGTH];
    (&file).read_exact(&mut key)?;
    Ok(Some(key))
}

fn make(directory: &Directory) -> io::Result<[u8; LENGTH]> {
    let mut key = [0; LENGTH];
    getrandom::fill(&mut key)?;
    private_file::put(directory, NAME, |mut file| file.write_all(&key))?;
    Ok(key)
}

/// Removes the key for good: it must not come back with a disk that lost its power.
fn remove(directory: &Directory) -> io::Result<()> {
    match unlinkat(directory, NAME, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => Ok(fsync(directory.reopened()?)?),
        Err(error) => Err(error.into()),
    }
}
