//! A record: values as bytes that stand for no other values, on their way into a hash.
//!
//! Reads and writes: nothing. Unknown here: what is recorded, and what for.

use sha2::{Digest, Sha256};

use crate::context::local::LocalQuestion;
use crate::context::walk::{Entry, Inode, Link};

/// Values as bytes that stand for no other values.
#[derive(Default)]
pub(super) struct Record(Vec<u8>);

impl Record {
    pub(super) fn number(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    pub(super) fn field(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn text(&mut self, text: Option<&[u8]>) {
        self.number(text.is_some().into());
        self.field(text.unwrap_or_default());
    }

    /// Which entries are asked for, of which local.
    pub(super) fn question(&mut self, question: &LocalQuestion) {
        let LocalQuestion { local, patterns } = question;
        self.field(local.name.as_bytes());
        for list in [&patterns.include, &patterns.exclude, &patterns.follow] {
            self.number(list.len() as u64);
            list.iter().for_each(|pattern| self.field(pattern));
        }
    }

    pub(super) fn inode(&mut self, inode: Inode) {
        let Inode {
            device,
            number,
            changed: (seconds, nanoseconds),
            owner: (user, group),
        } = inode;
        let (seconds, owner) = (seconds.cast_unsigned(), [user, group].map(u64::from));
        [device, number, seconds, nanoseconds, owner[0], owner[1]]
            .into_iter()
            .for_each(|value| self.number(value));
    }

    /// All that is sent of an entry but its path, its contents and its time.
    pub(super) fn entry(&mut self, entry: &Entry, link: Link<'_>) {
        let (major, minor) = entry.device;
        let device = u64::from(major) << 32 | u64::from(minor);
        [entry.mode.into(), entry.size, device]
            .into_iter()
            .for_each(|value| self.number(value));
        let (kind, target) = match link {
            Link::None => (0, &[][..]),
            Link::Symbolic(target) => (1, target),
            Link::Hard(first) => (2, first),
        };
        self.number(kind);
        self.field(target);
        self.number(entry.attributes.len() as u64);
        for (name, value) in &entry.attributes {
            self.field(name);
            self.field(value);
        }
    }

    pub(super) fn move_to(&mut self, hash: &mut Sha256) {
        hash.update(&self.0);
        self.0.clear();
    }

    /// The hash of this alone.
    pub(super) fn hash(self) -> [u8; 32] {
        Sha256::digest(&self.0).into()
    }
}
