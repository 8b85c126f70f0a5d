//! What stands before the header of a tar entry and replaces parts of it: PAX records, GNU long names.
//!
//! Unknown here: headers, streams; who reads an extension limits its size.
//! Source: POSIX.1-2024 `pax`, `x` records; GNU tar, `L` and `K`; libarchive, `SCHILY.xattr`.

use tar::EntryType;

use super::entry::Time;

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
            b"mtime" => self.mtime = Some(time(text(value)?)?),
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

/// A PAX time: decimal seconds, possibly negative, possibly with a fraction of which nine digits count.
fn time(text: &str) -> Option<Time> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let seconds: i64 = whole.parse().ok()?;
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = fraction.get(..9).unwrap_or(fraction);
    let nanoseconds: u32 = format!("{digits:0<9}").parse().ok()?;
    // -1.25 s is 750 ms after -2 s.
    Some(match (whole.starts_with('-'), nanoseconds) {
        (true, 1..) => Time {
            seconds: seconds.checked_sub(1)?,
            nanoseconds: 1_000_000_000 - nanoseconds,
        },
        _ => Time {
            seconds,
            nanoseconds,
        },
    })
}
