//! A fingerprint of what a cache holds: whether it is what it was, without a look into a file.
//!
//! Names, kinds, owners, modes, sizes, times of change of the content to the nanosecond, targets of links, which names are one file, and
//! extended attributes. A file that was changed with the same size and the same time set is not seen: as with `rsync`.
//!
//! Reads and writes: nothing. Unknown here: where entries come from (`walk`).

use std::fmt;

use oci_image_boundary::hex::hex;
use sha2::{Digest, Sha256};

use crate::entry::{Content, Entry};

/// What a cache holds, in 32 bytes: as many digits as SHA-256 has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// The fingerprint that was written so; `None` if it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (text.len() == 64 && text.bytes().all(is_digit)).then(|| Self(text.to_owned()))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A fingerprint that takes entries, in the order of a walk.
#[derive(Default)]
pub(crate) struct Taking(Sha256);

impl Taking {
    pub(crate) fn add(&mut self, entry: &Entry) {
        let kind = match &entry.content {
            Content::Directory => b'd',
            Content::File { .. } => b'f',
            Content::Pipe => b'p',
            Content::Symlink(_) => b'l',
            Content::HardLink(_) => b'h',
        };
        self.bytes(&entry.path);
        self.0.update([kind]);
        self.bytes(entry.link());
        for number in [
            u64::from(entry.mode),
            u64::from(entry.uid),
            u64::from(entry.gid),
            entry.size(),
            entry.seconds.cast_unsigned(),
            u64::from(entry.nanoseconds),
            entry.xattrs.len() as u64,
        ] {
            self.0.update(number.to_le_bytes());
        }
        for (name, value) in &entry.xattrs {
            self.bytes(name);
            self.bytes(value);
        }
    }

    pub(crate) fn taken(self) -> Fingerprint {
        Fingerprint(hex(&self.0.finalize()))
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }
}
