//! What an archive says of itself: a frame that readers of zstd pass over, before those that hold the tar stream.
//!
//! It is as long whatever it says, so that what is known only at the end has its place at the beginning.
//!
//! Reads and writes: nothing. Source: RFC 8878, 3.1.2 (skippable frames).

use oci_image_courier::fingerprint::Fingerprint;
use oci_image_courier::message::Amount;
use serde::{Deserialize, Serialize};

use crate::key::Key;

/// The version of archives; those of another one are not read.
const VERSION: u32 = 1;

/// How long a record is with its frame, in bytes.
pub(crate) const LENGTH: usize = 8 << 10;

/// One of the sixteen numbers by which such a frame begins.
const MAGIC: [u8; 4] = [0x5f, 0x2a, 0x4d, 0x18];

/// What an archive says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    version: u32,
    pub(crate) key: Key,
    fingerprint: String,
    entries: u64,
    /// How many bytes its files had.
    pub(crate) bytes: u64,
    /// How many bytes its tar stream has at most.
    pub(crate) stream: u64,
    /// The digest of what stands behind the record.
    pub(crate) digest: String,
    /// How many bytes that is.
    pub(crate) length: u64,
}

impl Record {
    /// That of an archive of which only that is known. Its id has a length that has its place: [`Record::bytes`] is `None` otherwise.
    pub(crate) fn new(key: Key, fingerprint: &Fingerprint, amount: Amount, stream: u64) -> Self {
        Self {
            version: VERSION,
            key,
            fingerprint: fingerprint.to_string(),
            entries: amount.entries,
            bytes: amount.bytes,
            stream,
            digest: String::new(),
            length: 0,
        }
    }

    /// Reads it; `None` if it is none of this version.
    pub(crate) fn parse(bytes: &[u8; LENGTH]) -> Option<Self> {
        let text = bytes.strip_prefix(&header())?;
        let record: Self = serde_json::from_slice(text).ok()?;
        (record.version == VERSION).then_some(record)
    }

    /// As it stands in an archive; `None` if it has no room there.
    pub(crate) fn to_bytes(&self) -> Option<Vec<u8>> {
        let mut bytes = header().to_vec();
        serde_json::to_writer(&mut bytes, self).ok()?;
        if bytes.len() >= LENGTH {
            return None;
        }
        bytes.resize(LENGTH - 1, b' ');
        bytes.push(b'\n');
        Some(bytes)
    }

    pub(crate) fn fingerprint(&self) -> Option<Fingerprint> {
        Fingerprint::parse(&self.fingerprint)
    }
}

fn header() -> [u8; 8] {
    let [a, b, c, d] = MAGIC;
    let [e, f, g, h] = (LENGTH as u32 - 8).to_le_bytes();
    [a, b, c, d, e, f, g, h]
}

#[cfg(test)]
mod tests {
    use oci_image_buildkit::cache_mount::CacheOrigin;

    use super::*;

    fn record(id: &str) -> Record {
        let key = Key {
            id: id.to_owned(),
            origin: CacheOrigin::Directory {
                uid: 1,
                gid: 2,
                mode: 0o755,
            },
        };
        let fingerprint = Fingerprint::parse(&"ab".repeat(32)).unwrap();
        Record::new(key, &fingerprint, Amount::default(), 7)
    }

    #[test]
    fn a_record_is_read_as_it_was_written_and_no_other_version_is() {
        let mut record = record("//c");
        let bytes: [u8; LENGTH] = record.to_bytes().unwrap().try_into().unwrap();
        assert_eq!(Record::parse(&bytes), Some(record.clone()));

        record.version += 1;
        let other: [u8; LENGTH] = record.to_bytes().unwrap().try_into().unwrap();
        assert_eq!(Record::parse(&other), None);
        assert_eq!(Record::parse(&[b' '; LENGTH]), None);
        let mut damaged = bytes;
        damaged[20] = 0;
        assert_eq!(Record::parse(&damaged), None);
    }

    #[test]
    fn an_id_without_an_end_has_no_record() {
        assert!(record(&"x".repeat(4000)).to_bytes().is_some());
        assert!(record(&"x".repeat(LENGTH)).to_bytes().is_none());
    }
}
