//! Dated: entries of a checkout on their way to the daemon. Each has a date of its own, and is held against what was met of it.
//!
//! The daemon takes a file of the same size and time for the one that it has. So the part of the time below a second is a MAC of
//! the contents, under the key of identities: nobody makes another file with the time of one that the daemon has, and by
//! chance it is so once in 10^9. Its seconds are those of `dates`. The MAC is of all else that is sent of a file too, and of the inode
//! of one with several names, which is sent anew then: the daemon's side leaves links between files as they are that it takes
//! for unchanged, and loses its way where it links what is linked.
//!
//! Reads and writes: nothing. Unknown here: files. Source: fsutil at 6d9dc2ebad62 (`diff_containerd.go`).

use std::collections::HashMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::context::checkout::{Checkout, Met, PathHash, short};
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
    key: IdentityKey,
}

/// The part of it that is one local's.
#[derive(Clone, Copy)]
pub(crate) struct DatedLocal<'a> {
    dated: &'a Dated,
    name: &'a str,
}

impl Dated {
    /// A checkout whose dates are settled.
    pub(super) fn new(checkout: Checkout, questions: Arc<Questions>, key: IdentityKey) -> Self {
        Self {
            met: checkout.met,
            names: checkout.names,
            questions,
            key,
        }
    }

    /// The key by which the daemon finds its last snapshot: that of a checkout with the same names at its top, wherever it was.
    pub(crate) fn shared_key(&self) -> String {
        hex(&self.key.sign("names", &self.names))
    }

    /// What a transfer is held against; `None` if nobody expected this one.
    pub(crate) fn of<'a>(&'a self, name: &'a str, patterns: &Patterns) -> Option<DatedLocal<'a>> {
        let is_expected = self.questions.cover(name, patterns);
        is_expected.then_some(DatedLocal { dated: self, name })
    }
}

impl DatedLocal<'_> {
    /// Whether the local has the names that it had.
    pub(crate) fn is_at_top(self, inode: Inode) -> bool {
        let met = self.met(b"");
        met.is_some_and(|met| met.entry == Met::top(inode).entry)
    }

    /// Whether a file holds what it held.
    pub(crate) fn holds(self, path: &[u8], contents: Sha256) -> bool {
        let contents = short(contents.finalize().into());
        self.met(path).is_some_and(|met| met.contents == contents)
    }

    /// The time of an entry in nanoseconds since 1970, if it is what was met as far as the listing tells.
    pub(crate) fn time(self, path: &[u8], entry: &Entry, link: Link<'_>) -> Option<i64> {
        let met = self.met(path)?;
        if met.entry != Met::entry(entry, link).entry {
            return None;
        }
        let tag = match entry.kind {
            Kind::Directory => self.dated.key.sign("directory", b""),
            _ => self
                .dated
                .key
                .sign("file", &[met.contents, met.entry].concat()),
        };
        let tag = tag.first_chunk().copied();
        let tag = u64::from_le_bytes(tag.expect("a tag has more than eight bytes"));
        let part = (tag % SECOND.cast_unsigned()).cast_signed();
        Some(met.modified.wrapping_mul(SECOND).wrapping_add(part))
    }

    fn met(self, path: &[u8]) -> Option<Met> {
        let place = PathHash::of(self.name, path);
        self.dated.met.get(&place).copied()
    }
}

#[cfg(test)]
mod tests;
