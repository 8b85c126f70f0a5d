//! All that a cache holds, as a tar stream.
//!
//! Each entry has `pax` records for what a header has no room for. A file that became shorter while it was read has zeroes for the rest.
//!
//! Reads: the cache, by paths below the working directory. Writes: the stream. Unknown here: what becomes of the stream.
//! Source: POSIX.1-2024 `pax`; libarchive, `SCHILY.xattr`.

use std::fs::File;
use std::io::{self, Read as _, Write};
use std::path::Path;

use tar::{Builder, EntryType, Header};

use crate::entry::{Content, Entry};
use crate::walk::{WalkError, walk};

/// What fits into a header's fields for names.
const NAME: usize = 100;

/// The unit of a tar stream, in bytes.
const BLOCK: u64 = 512;

/// Writes all that the working directory holds.
pub(crate) fn write(stream: impl Write) -> Result<(), WalkError> {
    let mut archive = Builder::new(stream);
    walk(|path, entry| {
        append(&mut archive, path, entry).map_err(|error| WalkError::at(path, error))
    })?;
    let finished = archive.into_inner().and_then(|mut stream| stream.flush());
    finished.map_err(|error| WalkError::at(Path::new("."), error))
}

/// How many bytes an entry has in the stream at most: content and headers, each filled up to a block, and what the records hold.
pub(crate) fn most_bytes(entry: &Entry) -> u64 {
    let of = |(name, value): &(Vec<u8>, Vec<u8>)| name.len() + value.len();
    let xattrs: usize = entry.xattrs.iter().map(of).sum();
    let records = xattrs + 64 * (entry.xattrs.len() + 4) + entry.path.len() + entry.link().len();
    entry.size() + records as u64 + 4 * BLOCK
}

fn append(archive: &mut Builder<impl Write>, path: &Path, entry: &Entry) -> io::Result<()> {
    let kind = match &entry.content {
        Content::Directory => EntryType::Directory,
        Content::File { .. } => EntryType::Regular,
        Content::Pipe => EntryType::Fifo,
        Content::Symlink(_) => EntryType::Symlink,
        Content::HardLink(_) => EntryType::Link,
    };
    let link = entry.link();
    archive.append_pax_extensions(
        records(entry, link)
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_slice())),
    )?;
    let mut header = Header::new_ustar();
    header.set_entry_type(kind);
    header.set_mode(entry.mode);
    header.set_uid(entry.uid.into());
    header.set_gid(entry.gid.into());
    header.set_mtime(u64::try_from(entry.seconds).unwrap_or_default());
    header.set_size(entry.size());
    let old = header.as_old_mut();
    fill(&mut old.name, &entry.path);
    fill(&mut old.linkname, link);
    header.set_cksum();
    match entry.content {
        Content::File { size } => {
            let content = File::open(path)?.chain(io::repeat(0)).take(size);
            archive.append(&header, content)
        }
        _ => archive.append(&header, io::empty()),
    }
}

/// What of an entry the header does not hold.
fn records(entry: &Entry, link: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut records = Vec::new();
    let mut add = |key: &str, value: &[u8]| records.push((key.to_owned(), value.to_vec()));
    if entry.path.len() > NAME {
        add("path", &entry.path);
    }
    if link.len() > NAME {
        add("linkpath", link);
    }
    let time = time(entry.seconds, entry.nanoseconds);
    add("mtime", time.as_bytes());
    for (name, value) in &entry.xattrs {
        // The kernel's names are text; what is none cannot be a key.
        if let Ok(name) = str::from_utf8(name) {
            add(&format!("SCHILY.xattr.{name}"), value);
        }
    }
    records
}

/// A time as a record has it: a number with a point in it, which counts up from the second before.
fn time(seconds: i64, nanoseconds: u32) -> String {
    if seconds >= 0 || nanoseconds == 0 {
        return format!("{seconds}.{nanoseconds:09}");
    }
    // -1 s and 999999999 ns is -0.000000001.
    format!("-{}.{:09}", -(seconds + 1), 1_000_000_000 - nanoseconds)
}

fn fill(field: &mut [u8], name: &[u8]) {
    let length = name.len().min(field.len());
    field[..length].copy_from_slice(&name[..length]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_before_the_epoch_is_one_number() {
        for (seconds, nanoseconds, expected) in [
            (0, 0, "0.000000000"),
            (1_000, 5, "1000.000000005"),
            (-1, 999_999_999, "-0.000000001"),
            (-2, 0, "-2.000000000"),
            (-2, 250_000_000, "-1.750000000"),
        ] {
            assert_eq!(time(seconds, nanoseconds), expected);
        }
    }
}
