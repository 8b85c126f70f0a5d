//! What stands before the header of a tar entry and replaces parts of it: PAX records, GNU long names.
//!
//! Unknown here: headers, streams; who reads an extension limits its size.
//! Source: POSIX.1-2024 `pax`, `x` records; GNU tar, `L` and `K`; libarchive, `SCHILY.xattr`.

use tar::EntryType;

use super::time::Time;

/// What stands before a header and replaces parts of it.
#[derive(Default)]
pub(super) struct Extensions {
    seen: Vec<EntryType>,
    pub(super) path: Option<Vec<u8>>,
    pub(super) link: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    pub(super) uid: Option<u64>,
    pub(super) gid: Option<u64>,
    pub(super) mtime: Option<Time>,
    pub(super) sparse: bool,
    pub(super) xattrs: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Extensions {
    pub(super) fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    /// One extension of a kind an entry: readers disagree about which of two would count.
    fn first(&mut self, kind: EntryType) -> Option<()> {
        let first = !self.seen.contains(&kind);
        self.seen.push(kind);
        first.then_some(())
    }

    pub(super) fn long_path(&mut self, bytes: Vec<u8>) -> Option<()> {
        self.first(EntryType::GNULongName)?;
        self.path.get_or_insert(until_nul(bytes));
        Some(())
    }

    pub(super) fn long_link(&mut self, bytes: Vec<u8>) -> Option<()> {
        self.first(EntryType::GNULongLink)?;
        self.link.get_or_insert(until_nul(bytes));
        Some(())
    }

    /// Takes PAX records, each `LENGTH KEY=VALUE\n` where the length counts the whole record.
    pub(super) fn records(&mut self, bytes: &[u8]) -> Option<()> {
        self.first(EntryType::XHeader)?;
        let mut rest = bytes;
        while !rest.is_empty() {
            let space = rest.iter().position(|byte| *byte == b' ')?;
            let length: usize = text(&rest[..space])?.parse().ok()?;
            let record = rest.get(space + 1..length)?.strip_suffix(b"\n")?;
            let equals = record.iter().position(|byte| *byte == b'=')?;
            self.record(&record[..equals], &record[equals + 1..])?;
            rest = &rest[length..];
        }
        Some(())
    }

    fn record(&mut self, key: &[u8], value: &[u8]) -> Option<()> {
        match key {
            b"path" => self.path = Some(value.to_vec()),
            b"linkpath" => self.link = Some(value.to_vec()),
            b"size" => self.size = Some(text(value)?.parse().ok()?),
            b"uid" => self.uid = Some(text(value)?.parse().ok()?),
            b"gid" => self.gid = Some(text(value)?.parse().ok()?),
            b"mtime" => self.mtime = Some(Time::from_pax(text(value)?)?),
            _ if key.starts_with(b"GNU.sparse.") => self.sparse = true,
            _ => {
                if let Some(name) = key.strip_prefix(b"SCHILY.xattr.") {
                    self.xattrs.push((name.to_vec(), value.to_vec()));
                }
            }
        }
        Some(())
    }
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
