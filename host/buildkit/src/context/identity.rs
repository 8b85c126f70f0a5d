//! The identity of a session of contexts: by it the daemon finds again what it was sent in another session of that name.
//!
//! It is a capability. Whoever opens a session of that name is asked for files in its place, and a solve that names it is lent what it
//! serves. So it is a MAC of the fingerprint under a key that only this user has: with a bare hash whoever has a context could work
//! its identity out, and plant another in its place.
//!
//! What the daemon has under an identity is right only if the fingerprint covers it. A daemon that asks for something else (a
//! frontend of its own mind) gets it, after the key is gone: no later session has an identity of that key.
//!
//! Reads and writes: the key's file. Unknown here: sessions. Source: BuildKit, `session/manager.go`, `source/local`; RFC 2104.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::sync::Arc;

use ring::hmac;
use rustix::fs::{AtFlags, Mode, OFlags, fsync, openat, unlinkat};
use rustix::io::Errno;

use crate::context::fingerprint::{Fingerprint, LocalQuestion};
use crate::context::walk::Patterns;
use oci_image_boundary::handle::{Directory, PartialFile};
use oci_image_boundary::hex::hex;

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

/// What a session of contexts is called.
pub enum Identity {
    /// As no other: every context is compared.
    Random,
    /// As each session of the same contexts.
    Known(Arc<Known>),
}

/// The identity of contexts whose fingerprint is known.
pub struct Known {
    pub(crate) id: String,
    key: IdentityKey,
    questions: Vec<LocalQuestion>,
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

    /// The identity of what has this fingerprint.
    #[must_use]
    pub fn identify(&self, fingerprint: Fingerprint) -> Identity {
        let tag = hmac::sign(&self.key, &fingerprint.digest);
        Identity::Known(Arc::new(Known {
            id: hex(tag.as_ref()),
            key: self.clone(),
            questions: fingerprint.questions,
        }))
    }
}

impl Known {
    /// Prepares for the daemon's question: one that the fingerprint does not cover ends the key. Blocking.
    pub(crate) fn admit(&self, name: &str, patterns: &Patterns) -> io::Result<()> {
        let mut questions = self.questions.iter();
        if questions.any(|question| covers(question, name, patterns)) {
            return Ok(());
        }
        remove(&self.key.directory)
    }
}

/// Whether what answers `patterns` is part of what answers the question.
fn covers(question: &LocalQuestion, name: &str, patterns: &Patterns) -> bool {
    let asked = &question.patterns;
    if question.local.name != name || asked.exclude != patterns.exclude {
        return false;
    }
    // Without includes, all but what is excluded is covered: any part of that is.
    if asked.include.is_empty() && asked.follow.is_empty() {
        return true;
    }
    let mut wanted = patterns.include.iter().chain(&patterns.follow).peekable();
    wanted.peek().is_some() && wanted.all(|path| asked.follow.contains(path))
}

fn read(directory: &Directory) -> io::Result<Option<[u8; LENGTH]>> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match openat(directory, NAME, flags, Mode::empty()) {
        Err(Errno::NOENT) => return Ok(None),
        // A link, or a socket.
        Err(Errno::LOOP | Errno::NXIO) => return Err(io::ErrorKind::InvalidData.into()),
        opened => File::from(opened?),
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
    let mut partial = PartialFile::new(directory, OsStr::new(".oci-image.key-"))?;
    let private = std::fs::Permissions::from_mode(0o600);
    partial.file.set_permissions(private)?;
    partial.file.write_all(&key)?;
    partial.file.sync_all()?;
    partial.put(directory, OsStr::new(NAME))?;
    Ok(key)
}

/// Removes the key for good: it must not come back with a disk that lost its power.
fn remove(directory: &Directory) -> io::Result<()> {
    match unlinkat(directory, NAME, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => Ok(fsync(directory.reopened()?)?),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests;
