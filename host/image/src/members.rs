//! The members of a tar archive by name: where in its file each one lies.
//!
//! An archive is indexed by its headers alone: content is passed over by offset. No name leaves the archive, whatever it says, and
//! links among entries are followed by name only.
//!
//! Reads: the archive's headers. Writes: nothing. Unknown here: what the names mean.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use oci_image_boundary::cancel::Cancel;

use crate::blob::{Blob, Content};
use crate::error::ImageError;
use oci_image_tree::entry::{Entries, Entry, Kind, Source};

/// The most entries an archive may have. 127 layers of one image make 400; large indexes some thousands.
const ENTRY_LIMIT: usize = 1 << 16;

/// The longest chain of links. `docker save` links a repeated layer to its first occurrence.
const LINK_LIMIT: usize = 8;

/// GNU tar's file with holes: where its content ends is not the same to all readers.
const SPARSE: Kind = Kind::Other(b'S');

/// What an archive holds, by name.
pub(crate) struct Members {
    file: Arc<File>,
    members: HashMap<String, Member>,
}

/// What an archive holds under a name.
enum Member {
    File { start: u64, size: u64 },
    Link { to: String },
    Other,
}

impl Members {
    /// Indexes an archive by its headers; says how many bytes were read for that.
    pub(crate) fn of(
        path: &Path,
        file: &Arc<File>,
        cancel: &Cancel,
    ) -> Result<(Self, u64), ImageError> {
        refuse_compressed(path, file)?;
        let length = file
            .metadata()
            .map_err(|source| ImageError::Open {
                path: path.into(),
                source,
            })?
            .len();
        let mut entries = Entries::new(Cursor {
            file,
            cancel,
            offset: 0,
            read: 0,
        });
        let mut members = HashMap::new();
        while let Some(entry) = entries.next_entry().map_err(|source| ImageError::Tar {
            path: path.into(),
            source,
        })? {
            check(path, &entry, length)?;
            if members.len() == ENTRY_LIMIT {
                return Err(ImageError::TooManyEntries {
                    path: path.into(),
                    limit: ENTRY_LIMIT,
                });
            }
            if entry.kind == Kind::Directory {
                continue; // Nothing is read from it, and writers repeat it freely.
            }
            let outside = || ImageError::EntryPath {
                path: path.into(),
                entry: entry.name(),
            };
            let (name, member) = member(&entry).ok_or_else(outside)?;
            match members.entry(name) {
                Slot::Vacant(slot) => slot.insert(member),
                Slot::Occupied(_) => {
                    return Err(ImageError::DuplicateEntry {
                        path: path.into(),
                        entry: entry.name(),
                    });
                }
            };
        }
        let read = entries.stream().read;
        let file = Arc::clone(file);
        Ok((Self { file, members }, read))
    }

    /// Whether something stands under that name.
    pub(crate) fn holds(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    /// The file of that name, not yet read.
    pub(crate) fn blob(&self, path: &Path, name: &str) -> Result<Blob, ImageError> {
        let mut member = name;
        for _ in 0..=LINK_LIMIT {
            match self.members.get(member) {
                Some(Member::File { start, size }) => {
                    let (file, start) = (Arc::clone(&self.file), *start);
                    return Ok(Blob::new(*size, Content::Range { file, start }));
                }
                Some(Member::Link { to }) => member = to,
                Some(Member::Other) => {
                    let (path, entry) = (path.into(), name.into());
                    return Err(ImageError::NotAFile { path, entry });
                }
                None => {
                    let (path, entry) = (path.into(), member.into());
                    return Err(ImageError::Missing { path, entry });
                }
            }
        }
        let (path, entry) = (path.into(), name.into());
        Err(ImageError::LinkLoop { path, entry })
    }
}

/// Other readers decompress as they go; a range of a compressed file means nothing.
fn refuse_compressed(path: &Path, file: &File) -> Result<(), ImageError> {
    const FORMATS: [(&[u8], &str); 4] = [
        (b"\x1f\x8b", "gzip"),
        (b"\x28\xb5\x2f\xfd", "zstd"),
        (b"\xfd7zXZ\0", "xz"),
        (b"BZh", "bzip2"),
    ];
    let mut start = [0; 6];
    let count = file
        .read_at(&mut start, 0)
        .map_err(|source| ImageError::Open {
            path: path.into(),
            source,
        })?;
    match FORMATS
        .iter()
        .find(|(magic, _)| start[..count].starts_with(magic))
    {
        Some((_, format)) => Err(ImageError::Compressed {
            path: path.into(),
            format,
        }),
        None => Ok(()),
    }
}

/// Refuses an entry whose content is not there in whole, or not where every reader looks for it.
fn check(path: &Path, entry: &Entry, length: u64) -> Result<(), ImageError> {
    let end = entry.offset + entry.size;
    if end > length {
        return Err(ImageError::Truncated {
            path: path.into(),
            entry: entry.name(),
            end,
            size: length,
        });
    }
    if entry.kind == SPARSE {
        return Err(ImageError::Sparse {
            path: path.into(),
            entry: entry.name(),
        });
    }
    Ok(())
}

/// The name under which an entry is found, and what it is; `None` if either leaves the archive.
fn member(entry: &Entry) -> Option<(String, Member)> {
    let name = resolve("", std::str::from_utf8(&entry.path).ok()?)?;
    let target = || std::str::from_utf8(&entry.link).ok();
    let member = match entry.kind {
        Kind::File => Member::File {
            start: entry.offset,
            size: entry.size,
        },
        Kind::HardLink => Member::Link {
            to: resolve("", target()?)?,
        },
        Kind::Symlink => {
            let directory = name.rsplit_once('/').map_or("", |(directory, _)| directory);
            Member::Link {
                to: resolve(directory, target()?)?,
            }
        }
        Kind::Directory | Kind::Fifo | Kind::Device | Kind::Other(_) => Member::Other,
    };
    Some((name, member))
}

/// `path` as seen from `directory`, without `.` and `..`; `None` if it is absolute, leads out, names nothing or holds a NUL.
fn resolve(directory: &str, path: &str) -> Option<String> {
    // To some a name ends at its NUL.
    if path.starts_with('/') || path.contains('\0') {
        return None;
    }
    let mut parts: Vec<&str> = directory
        .split('/')
        .filter(|part| !part.is_empty())
        .collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            _ => parts.push(part),
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

/// Reads a file by offset, so that content is passed over without being read; counts what is read.
struct Cursor<'file> {
    file: &'file File,
    cancel: &'file Cancel,
    offset: u64,
    read: u64,
}

impl Read for Cursor<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.cancel.check()?;
        let count = self.file.read_at(buffer, self.offset)?;
        self.offset += count as u64;
        self.read += count as u64;
        Ok(count)
    }
}

impl Source for Cursor<'_> {
    fn skip(&mut self, count: u64) -> io::Result<()> {
        self.offset += count;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_resolved_within_the_archive_or_not_at_all() {
        let cases = [
            ("", "./index.json", Some("index.json")),
            ("", "a//b/./c", Some("a/b/c")),
            ("b", "../a/layer.tar", Some("a/layer.tar")),
            ("", "a/../b", Some("b")),
            ("", "../b", None),
            ("a", "../../b", None),
            ("a", "/b", None),
            ("", ".", None),
            ("", "", None),
            ("", "a\0b", None),
        ];
        for (directory, path, expected) in cases {
            assert_eq!(
                resolve(directory, path).as_deref(),
                expected,
                "{directory} {path}"
            );
        }
    }
}
