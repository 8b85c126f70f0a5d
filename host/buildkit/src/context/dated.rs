//! Dated: entries of a checkout on their way to the daemon. Each has a date of its own, and is held against what was met of it.
//!
//! The daemon takes a file of the same size and time for the one that it has. So the part of the time below a second is a MAC of
//! the contents, under a key that is kept with the dates: nobody makes another file with the time of one that the daemon has, and by
//! chance it is so once in 10^9. Its seconds are those of `dates`. The MAC is of all else that is sent of a file too, and of the inode
//! of one with several names, which is sent anew then: the daemon's side leaves links between files as they are that it takes
//! for unchanged, and loses its way where it links what is linked.
//!
//! Reads: nothing. Writes: ends the key of identities, and the dates, where something is not what was met. Unknown here: files.
//! Source: fsutil at 6d9dc2ebad62 (`diff_containerd.go`).

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use ring::hmac;
use sha2::{Digest, Sha256};

use crate::context::checkout::{Checkout, Met, PathHash, short};
use crate::context::dates;
use crate::context::identity_key::IdentityKey;
use crate::context::local::Questions;
use crate::context::walk::{Entry, Inode, Kind, Link, Patterns};
use oci_image_boundary::hex::hex;

/// Nanoseconds.
const SECOND: i64 = 1_000_000_000;

/// What a checkout was met as, and how its times are made.
pub struct Dated {
    met: HashMap<PathHash, Met>,
    names: [u8; 32],
    questions: Arc<Questions>,
    /// Makes times.
    times: hmac::Key,
    identities: IdentityKey,
    /// Whether its identity, and the dates in it, were given up.
    ended: Mutex<(bool, bool)>,
}

/// The part of it that is one local's.
#[derive(Clone, Copy)]
pub(crate) struct DatedLocal<'a> {
    dated: &'a Dated,
    name: &'a str,
}

impl Dated {
    /// A checkout, the dates of which are those that are kept beside this key. Blocking.
    ///
    /// # Errors
    /// The system's, if dates can neither be kept nor forgotten.
    pub(super) fn new(
        mut checkout: Checkout,
        questions: Arc<Questions>,
        identities: IdentityKey,
    ) -> io::Result<Self> {
        Ok(Self {
            times: dates::settle(identities.directory(), &mut checkout.met)?,
            met: checkout.met,
            names: checkout.names,
            questions,
            identities,
            ended: Mutex::default(),
        })
    }

    /// The key by which the daemon finds its last snapshot: that of a checkout with the same names at its top, wherever it was.
    pub(crate) fn shared_key(&self) -> String {
        hex(hmac::sign(&self.times, &self.names).as_ref())
    }

    /// What a transfer is held against; `None` if nobody expected this one.
    pub(crate) fn of<'a>(&'a self, name: &'a str, patterns: &Patterns) -> Option<DatedLocal<'a>> {
        let is_expected = self.questions.cover(name, patterns);
        is_expected.then_some(DatedLocal { dated: self, name })
    }
}

impl Dated {
    /// Gives the identity up: what is sent is not what was met. With `dates` if a file was built from that has another date there.
    fn end(&self, dates: bool) -> io::Result<()> {
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        if !ended.0 {
            self.identities.end()?;
            ended.0 = true;
        }
        if dates && !ended.1 {
            dates::forget(self.identities.directory())?;
            ended.1 = true;
        }
        Ok(())
    }
}

impl DatedLocal<'_> {
    /// Makes sure that nothing is known by this if the local has other names than it had. Blocking.
    ///
    /// # Errors
    /// The system's, if it stays known.
    pub(crate) fn enter_top(self, inode: Inode) -> io::Result<()> {
        self.expect(b"", Met::top(inode))
    }

    /// The same of a directory in it.
    ///
    /// # Errors
    /// The system's, if it stays known.
    pub(crate) fn enter(self, path: &[u8], directory: &Entry) -> io::Result<()> {
        self.expect(path, Met::entry(directory, Link::None))
    }

    /// The time of an entry in nanoseconds since 1970; `None` if it is not what it was, as far as the listing tells. Then nothing is
    /// known by this. Blocking.
    ///
    /// # Errors
    /// The system's, if it stays known.
    pub(crate) fn time(
        self,
        path: &[u8],
        entry: &Entry,
        link: Link<'_>,
    ) -> io::Result<Option<i64>> {
        let found = Met::entry(entry, link).entry;
        let met = match self.met(path) {
            Some(met) if met.entry == found => met,
            met => {
                let is_dated = met.is_some() && entry.kind != Kind::Directory;
                self.dated.end(is_dated)?;
                return Ok(None);
            }
        };
        let of = match entry.kind {
            Kind::Directory => [met.contents; 2],
            _ => [met.contents, met.entry],
        };
        let tag = hmac::sign(&self.dated.times, &of.concat());
        let tag = tag.as_ref().first_chunk().copied();
        let tag = u64::from_le_bytes(tag.expect("a tag has more than eight bytes"));
        let part = (tag % SECOND.cast_unsigned()).cast_signed();
        let time = met.modified.wrapping_mul(SECOND).wrapping_add(part);
        Ok(Some(time))
    }

    /// Whether a file holds what it held.
    pub(crate) fn holds(self, path: &[u8], contents: Sha256) -> bool {
        let contents = short(contents.finalize().into());
        self.met(path).is_some_and(|met| met.contents == contents)
    }

    fn expect(self, path: &[u8], found: Met) -> io::Result<()> {
        match self.met(path) {
            Some(met) if met.entry == found.entry => Ok(()),
            _ => self.dated.end(false),
        }
    }

    fn met(self, path: &[u8]) -> Option<Met> {
        let place = PathHash::of(self.name, path);
        self.dated.met.get(&place).copied()
    }
}

#[cfg(test)]
mod tests;
