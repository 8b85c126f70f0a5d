//! The files of an image by name: the entries of a tar archive, or what lies below a directory.
//!
//! An archive is indexed by its headers alone: content is passed over by offset. No name leaves the archive or the
//! directory, whatever it says, and links among entries are followed by name only.
//!
//! Reads: the archive's headers; documents up to [`DOCUMENT_LIMIT`]. Writes: nothing. Unknown here: what the names
//! mean.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::de::DeserializeOwned;

use oci_image_boundary::cancel::Cancel;
use oci_image_boundary::handle::{Directory, Found};

use super::Effort;
use super::blob::{Blob, Content};
use super::document;
use super::entry::{Entries, Entry, Kind, Source};
use super::error::ImageError;

/// The largest JSON document that is read into memory, in bytes; registries need not take larger manifests either
/// (OCI distribution-spec 1.1, `Pushing Manifests`).
pub(super) const DOCUMENT_LIMIT: u64 = 4 << 20;

/// The most entries an archive may have. 127 layers of one image make 400; large indexes some thousands.
const ENTRY_LIMIT: usize = 1 << 16;

/// The longest chain of links. `docker save` links a repeated layer to its first occurrence.
const LINK_LIMIT: usize = 8;

/// GNU tar's file with holes: where its content ends is not the same to all readers.
const SPARSE: Kind = Kind::Other(b'S');

/// The files of an image, and what reading them has cost.
pub(super) struct Store {
    path: PathBuf,
    files: Files,
    pub(super) effort: Effort,
    /// Whether what is read is still wanted.
    pub(super) cancel: Cancel,
}

enum Files {
    Archive {
        file: Arc<File>,
        members: HashMap<String, Member>,
    },
    Directory(Directory),
}

/// What an archive holds under a name.
enum Member {
    File { start: u64, size: u64 },
    Link { to: String },
    Other,
}

impl Store {
    /// The files of what was found at a path: an archive or a directory.
    pub(super) fn open(found: Found, path: &Path, cancel: &Cancel) -> Result<Self, ImageError> {
        let mut effort = Effort::default();
        let files = match found {
            Found::Directory(directory) => Files::Directory(directory),
            Found::File(file) => {
                let file = Arc::clone(file.file());
                refuse_compressed(path, &file)?;
                let members = members(path, &file, &mut effort, cancel)?;
                Files::Archive { file, members }
            }
            Found::Socket(_) | Found::Other(_) => {
                return Err(ImageError::NotAnImage { path: path.into() });
            }
        };
        Ok(Self {
            path: path.into(),
            files,
            effort,
            cancel: cancel.clone(),
        })
    }

    /// The archive or directory.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether something stands under that name.
    pub(super) fn holds(&self, name: &str) -> bool {
        match &self.files {
            Files::Archive { members, .. } => members.contains_key(name),
            Files::Directory(directory) => directory.beneath().exists(name),
        }
    }

    /// The file of that name, not yet read.
    pub(super) fn blob(&self, name: &str) -> Result<Blob, ImageError> {
        match &self.files {
            Files::Archive { file, members } => {
                let (start, size) = self.range(members, name)?;
                Ok(Blob::new(
                    size,
                    Content::Range {
                        file: Arc::clone(file),
                        start,
                    },
                ))
            }
            Files::Directory(directory) => {
                let metadata = directory
                    .beneath()
                    .metadata(name)
                    .map_err(|source| match source.kind() {
                        io::ErrorKind::NotFound => ImageError::Missing {
                            path: self.path.clone(),
                            entry: name.into(),
                        },
                        _ => self.unreadable(name, source),
                    })?;
                if !metadata.is_file() {
                    return Err(ImageError::NotAFile {
                        path: self.path.clone(),
                        entry: name.into(),
                    });
                }
                let content = Content::Named {
                    directory: directory.clone(),
                    name: name.into(),
                };
                Ok(Blob::new(metadata.len(), content))
            }
        }
    }

    /// The whole content of a file of at most [`DOCUMENT_LIMIT`] bytes.
    pub(super) fn document(&mut self, name: &str) -> Result<Vec<u8>, ImageError> {
        let blob = self.blob(name)?;
        let size = blob.size();
        if size > DOCUMENT_LIMIT {
            let (path, entry) = (self.path.clone(), name.into());
            return Err(ImageError::TooLarge {
                path,
                entry,
                size,
                limit: DOCUMENT_LIMIT,
            });
        }
        self.start_of(
            name,
            &blob,
            usize::try_from(size).expect("at most DOCUMENT_LIMIT"),
        )
    }

    /// Parses a document that was read under that name.
    pub(super) fn parse<T: DeserializeOwned>(
        &self,
        name: &str,
        bytes: &[u8],
    ) -> Result<T, ImageError> {
        document::parse(bytes).map_err(|source| ImageError::Json {
            path: self.path.clone(),
            entry: name.into(),
            source,
        })
    }

    /// The first `count` bytes of a file, or all of it where it is shorter.
    pub(super) fn start_of(
        &mut self,
        name: &str,
        blob: &Blob,
        count: usize,
    ) -> Result<Vec<u8>, ImageError> {
        let mut bytes = vec![
            0;
            usize::try_from(blob.size())
                .unwrap_or(usize::MAX)
                .min(count)
        ];
        let read = blob
            .open()
            .and_then(|reader| reader.read_exact_at(&mut bytes, 0));
        read.map_err(|source| self.unreadable(name, source))?;
        self.effort.read += bytes.len() as u64;
        Ok(bytes)
    }

    /// An error of reading the file of that name.
    pub(super) fn unreadable(&self, name: &str, source: io::Error) -> ImageError {
        ImageError::Read {
            path: self.path.clone(),
            entry: name.into(),
            source,
        }
    }

    fn range(
        &self,
        members: &HashMap<String, Member>,
        name: &str,
    ) -> Result<(u64, u64), ImageError> {
        let (path, entry) = (self.path.clone(), name.into());
        let mut member = name;
        for _ in 0..=LINK_LIMIT {
            match members.get(member) {
                Some(Member::File { start, size }) => return Ok((*start, *size)),
                Some(Member::Link { to }) => member = to,
                Some(Member::Other) => return Err(ImageError::NotAFile { path, entry }),
                None => {
                    return Err(ImageError::Missing {
                        path,
                        entry: member.into(),
                    });
                }
            }
        }
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

/// Indexes an archive by its headers.
fn members(
    path: &Path,
    file: &File,
    effort: &mut Effort,
    cancel: &Cancel,
) -> Result<HashMap<String, Member>, ImageError> {
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
    while let Some(entry) = entries.next().map_err(|source| ImageError::Tar {
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
    effort.read += entries.stream().read;
    Ok(members)
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
