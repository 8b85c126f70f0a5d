//! What stands before the header of a tar entry and replaces parts of it: PAX records, GNU long names.
//!
//! What two readers would take for two different archives is refused: an extension twice, a name in two ways, and records for
//! all entries that follow which say what an entry is (GNU tar obeys them, Go's reader does not).
//!
//! Unknown here: headers, streams.
//! Source: POSIX.1-2024 `pax`, `x` records; GNU tar, `L` and `K`; libarchive, `SCHILY.xattr`.

use tar::EntryType;

use crate::time::Time;

/// The largest extension (PAX records, GNU long name) that is read, in bytes; Go's `archive/tar` has the same limit.
pub(crate) const EXTENSION_LIMIT: u64 = 1 << 20;

/// What stands before a header and replaces parts of it.
#[derive(Default)]
pub(crate) struct Extensions {
    seen: Vec<EntryType>,
    pub(crate) path: Option<Vec<u8>>,
    pub(crate) link: Option<Vec<u8>>,
    pub(crate) size: Option<u64>,
    pub(crate) uid: Option<u64>,
    pub(crate) gid: Option<u64>,
    pub(crate) mtime: Option<Time>,
    pub(crate) sparse: bool,
    pub(crate) xattrs: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Extensions {
    pub(crate) fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    /// One extension of a kind an entry: readers disagree about which of two would count.
    fn first(&mut self, kind: EntryType) -> Option<()> {
        let first = !self.seen.contains(&kind);
        self.seen.push(kind);
        first.then_some(())
    }

    pub(crate) fn long_path(&mut self, bytes: Vec<u8>) -> Option<()> {
        self.first(EntryType::GNULongName)?;
        replace(&mut self.path, until_nul(bytes))
    }

    pub(crate) fn long_link(&mut self, bytes: Vec<u8>) -> Option<()> {
        self.first(EntryType::GNULongLink)?;
        replace(&mut self.link, until_nul(bytes))
    }

    /// Takes the PAX records of the next entry.
    pub(crate) fn records(&mut self, bytes: &[u8]) -> Option<()> {
        self.first(EntryType::XHeader)?;
        let (mut path, mut link) = (None, None);
        for record in records(bytes) {
            let (key, value) = record?;
            match key {
                b"path" => path = Some(value.to_vec()),
                b"linkpath" => link = Some(value.to_vec()),
                _ => self.record(key, value)?,
            }
        }
        path.map_or(Some(()), |path| replace(&mut self.path, path))?;
        link.map_or(Some(()), |link| replace(&mut self.link, link))
    }

    fn record(&mut self, key: &[u8], value: &[u8]) -> Option<()> {
        match key {
            b"size" => self.size = Some(number(value)?),
            b"uid" => self.uid = Some(number(value)?),
            b"gid" => self.gid = Some(number(value)?),
            b"mtime" => self.mtime = Some(Time::from_pax(text(value)?)?),
            _ if is_sparse(key) => self.sparse = true,
            _ => {
                if let Some(name) = key.strip_prefix(b"SCHILY.xattr.") {
                    self.xattrs.push((name.to_vec(), value.to_vec()));
                }
            }
        }
        Some(())
    }
}

/// Whether PAX records for all entries that follow are records, and say nothing of what an entry is: `git archive` writes a
/// comment.
pub(crate) fn says_nothing_of_entries(bytes: &[u8]) -> bool {
    let harmless = |key: &[u8]| !matches!(key, b"path" | b"linkpath" | b"size") && !is_sparse(key);
    records(bytes).all(|record| record.is_some_and(|(key, _)| harmless(key)))
}

/// PAX records, each `LENGTH KEY=VALUE\n` where the length counts the whole record; `None` for what is none, and no more.
fn records(bytes: &[u8]) -> impl Iterator<Item = Option<(&[u8], &[u8])>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let read = first_record(rest);
        rest = read.map_or(&[], |(_, rest)| rest);
        Some(read.map(|(record, _)| record))
    })
}

/// The first record as key and value, and what follows it.
type Record<'a> = ((&'a [u8], &'a [u8]), &'a [u8]);

fn first_record(bytes: &[u8]) -> Option<Record<'_>> {
    let space = bytes.iter().position(|byte| *byte == b' ')?;
    let length = usize::try_from(number(&bytes[..space])?).ok()?;
    let record = bytes.get(space + 1..length)?.strip_suffix(b"\n")?;
    let equals = record.iter().position(|byte| *byte == b'=')?;
    Some(((&record[..equals], &record[equals + 1..]), &bytes[length..]))
}

fn is_sparse(key: &[u8]) -> bool {
    key.starts_with(b"GNU.sparse.")
}

/// Sets what no other extension has set: GNU tar and Go's reader do not prefer the same one.
fn replace(slot: &mut Option<Vec<u8>>, value: Vec<u8>) -> Option<()> {
    slot.replace(value).is_none().then_some(())
}

/// A number of decimal digits and nothing else; what a sign means is not the same to all.
fn number(bytes: &[u8]) -> Option<u64> {
    let is_number = bytes.iter().all(u8::is_ascii_digit);
    text(bytes).filter(|_| is_number)?.parse().ok()
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

fn until_nul(mut bytes: Vec<u8>) -> Vec<u8> {
    let end = bytes
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(bytes.len());
    bytes.truncate(end);
    bytes
}
