//! Unpacking: the entries of a stream, each made in the tree as it comes, and the directories finished at the end.
//!
//! Reads: the stream. Writes: beneath the root. Unknown here: where the tree goes when it is complete.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

use crate::attributes::Attributes;
use crate::entry::{Entries, Entry, EntryError, Kind, Source};
use crate::error::RootfsError;
use crate::holes::FileWithHoles;
use crate::path::RelativePath;
use crate::summary::Summary;
use crate::tree::{PRIVATE, Place, Tree};

/// Bytes copied at a time. A reader that has its own buffers is read past the smaller one of headers.
const COPY_BUFFER: usize = 1 << 20;
const HEADER_BUFFER: usize = 64 << 10;

/// How many bytes of directories' extended attributes are kept until the tree is complete. File systems take a few KiB for each,
/// and images have none.
const ATTRIBUTES_LIMIT: usize = 64 << 20;

/// A stream that can only be read.
struct Stream<R>(BufReader<R>);

impl<R: Read> Read for Stream<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl<R: Read> Source for Stream<R> {
    fn skip(&mut self, count: u64) -> io::Result<()> {
        let skipped = io::copy(&mut (&mut self.0).take(count), &mut io::sink())?;
        if skipped < count {
            Err(io::ErrorKind::UnexpectedEof.into())
        } else {
            Ok(())
        }
    }
}

/// Unpacks a stream into a directory that is open, empty and nobody else's; `target` is where its tree will be, for messages. Blocking;
/// the stream is read to its end.
///
/// # Errors
/// [`RootfsError`]; what was made until then is left there.
pub fn unpack(
    stream: impl Read,
    directory: OwnedFd,
    target: &Path,
) -> Result<Summary, RootfsError> {
    Unpacking::of(stream, directory, target).all()
}

/// A stream on its way into a tree that is to be at `target`.
pub(crate) struct Unpacking<'target, R> {
    tree: Tree,
    target: &'target Path,
    entries: Entries<Stream<R>>,
    /// Directories made, with what they get at the end; `None` for one that only an entry below it asked for.
    directories: BTreeMap<RelativePath, Option<Attributes>>,
    /// Bytes of their extended attributes.
    kept: usize,
    buffer: Vec<u8>,
    summary: Summary,
}

impl<'target, R: Read> Unpacking<'target, R> {
    /// Into the tree whose root is open.
    pub(crate) fn of(stream: R, root: OwnedFd, target: &'target Path) -> Self {
        Self {
            tree: Tree::new(root),
            target,
            entries: Entries::new(Stream(BufReader::with_capacity(HEADER_BUFFER, stream))),
            directories: BTreeMap::new(),
            kept: 0,
            buffer: vec![0; COPY_BUFFER],
            summary: Summary::default(),
        }
    }

    /// Makes all of it.
    pub(crate) fn all(mut self) -> Result<Summary, RootfsError> {
        self.all_entries()?;
        self.finish_directories()?;
        Ok(self.summary)
    }

    fn all_entries(&mut self) -> Result<(), RootfsError> {
        while let Some(entry) = self
            .entries
            .next_entry()
            .map_err(|source| self.broken(source))?
        {
            self.entry(entry)?;
        }
        if !self.entries.marked() {
            return Err(RootfsError::Unfinished {
                path: self.target.into(),
            });
        }
        // A sender that is left with bytes in its hands would take that for a failure.
        match io::copy(self.entries.stream(), &mut io::sink()) {
            Ok(_) => Ok(()),
            Err(source) => Err(RootfsError::AfterEnd {
                path: self.target.into(),
                source,
            }),
        }
    }

    fn entry(&mut self, mut entry: Entry) -> Result<(), RootfsError> {
        let path = RelativePath::parse(&entry.path).ok_or_else(|| RootfsError::EntryPath {
            path: self.target.into(),
            entry: String::from_utf8_lossy(&entry.path).into_owned(),
        })?;
        match entry.kind {
            Kind::Device => {
                self.summary.skipped_devices += 1;
                return Ok(());
            }
            Kind::Other(kind) => {
                return Err(RootfsError::Kind {
                    path: self.shown(&path),
                    kind: char::from(kind),
                });
            }
            Kind::Directory => self.directory(path, Attributes::of(entry))?,
            Kind::File => self.file(&path, &Attributes::of(entry))?,
            Kind::Symlink => {
                let to = std::mem::take(&mut entry.link);
                self.symlink(&path, &to, &Attributes::of(entry))?;
            }
            Kind::HardLink => self.hard_link(&path, &entry.link)?,
            Kind::Fifo => self.fifo(&path, &Attributes::of(entry))?,
        }
        self.summary.entries += 1;
        Ok(())
    }

    fn directory(&mut self, path: RelativePath, attributes: Attributes) -> Result<(), RootfsError> {
        if !path.is_root() {
            self.make(&path, |place| {
                match rustix::fs::mkdirat(place.parent, place.name, PRIVATE) {
                    Err(Errno::EXIST) if place.is_directory() => Ok(()),
                    made => made,
                }
            })?;
        }
        self.kept += attributes.xattrs_size();
        if self.kept > ATTRIBUTES_LIMIT {
            return Err(RootfsError::TooManyAttributes {
                path: self.shown(&path),
                limit: ATTRIBUTES_LIMIT,
            });
        }
        self.directories.insert(path, Some(attributes));
        Ok(())
    }

    fn file(&mut self, path: &RelativePath, attributes: &Attributes) -> Result<(), RootfsError> {
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = self.make(path, |place| {
            rustix::fs::openat(place.parent, place.name, flags, Mode::RUSR | Mode::WUSR)
        })?;
        let mut file = FileWithHoles::new(File::from(file));
        let failed = |source| RootfsError::Write {
            path: self.target.join(path.as_path()),
            source,
        };
        loop {
            let count = self
                .entries
                .read(&mut self.buffer)
                .map_err(|source| self.broken(source))?;
            if count == 0 {
                break;
            }
            file.append(&self.buffer[..count]).map_err(failed)?;
            self.summary.bytes += count as u64;
        }
        let file = file.finish().map_err(failed)?;
        attributes
            .apply(file.as_fd(), &mut self.summary.lost)
            .map_err(|failed| failed.at(self.shown(path)))
    }

    fn symlink(
        &mut self,
        path: &RelativePath,
        to: &[u8],
        attributes: &Attributes,
    ) -> Result<(), RootfsError> {
        self.make(path, |place| {
            rustix::fs::symlinkat(to, place.parent, place.name)
        })?;
        self.attributes_by_name(path, None, attributes)
    }

    fn fifo(&mut self, path: &RelativePath, attributes: &Attributes) -> Result<(), RootfsError> {
        self.make(path, |place| {
            rustix::fs::mkfifoat(place.parent, place.name, Mode::RUSR | Mode::WUSR)
        })?;
        self.attributes_by_name(path, Some(attributes.mode), attributes)
    }

    fn attributes_by_name(
        &mut self,
        path: &RelativePath,
        mode: Option<Mode>,
        attributes: &Attributes,
    ) -> Result<(), RootfsError> {
        let place = self
            .tree
            .place(path, |_| ())
            .map_err(|error| error.at(self.target))?;
        let applied = attributes.apply_at(&place, mode, &mut self.summary.lost);
        applied.map_err(|failed| failed.at(self.shown(path)))
    }

    fn hard_link(&mut self, path: &RelativePath, to: &[u8]) -> Result<(), RootfsError> {
        let invalid = || RootfsError::LinkPath {
            path: self.shown(path),
            to: String::from_utf8_lossy(to).into_owned(),
        };
        let to = RelativePath::parse(to)
            .filter(|to| !to.is_root())
            .ok_or_else(invalid)?;
        let failed = |source: Errno| RootfsError::HardLink {
            path: self.target.join(path.as_path()),
            to: self.target.join(to.as_path()),
            source: source.into(),
        };
        let (directory, name) = self.tree.find(&to).map_err(failed)?;
        let linked = self.make(path, |place| {
            // Without a flag the target is never followed: a link to a symlink is a second name of the symlink.
            match rustix::fs::linkat(&directory, name, place.parent, place.name, AtFlags::empty()) {
                Err(Errno::EXIST) => Err(Errno::EXIST),
                linked => Ok(linked),
            }
        })?;
        linked.map_err(failed)
    }

    /// Makes an entry, in the place of an earlier one of that name where there is one.
    fn make<T>(
        &mut self,
        path: &RelativePath,
        make: impl Fn(&Place<'_>) -> Result<T, Errno>,
    ) -> Result<T, RootfsError> {
        if path.is_root() {
            return Err(RootfsError::Root {
                path: self.target.into(),
            });
        }
        let directories = &mut self.directories;
        let implicit = |made: RelativePath| drop(directories.insert(made, None));
        let place = self
            .tree
            .place(path, implicit)
            .map_err(|error| error.at(self.target))?;
        let made = match make(&place) {
            Err(Errno::EXIST) => {
                let replaced = place.remove();
                let shown = || self.target.join(path.as_path());
                replaced.map_err(|source| RootfsError::Replace {
                    path: shown(),
                    source: source.into(),
                })?;
                self.directories.remove(path);
                make(&place)
            }
            made => made,
        };
        made.map_err(|source| RootfsError::Create {
            path: self.shown(path),
            source: source.into(),
        })
    }

    /// Gives directories what they are to have, each after those below it, and the root last of all.
    fn finish_directories(&mut self) -> Result<(), RootfsError> {
        self.directories.entry(RelativePath::root()).or_insert(None);
        // An ancestor sorts before what lies below it. What was given its mode may be closed to us from then on.
        for (path, attributes) in std::mem::take(&mut self.directories).into_iter().rev() {
            let attributes = attributes.unwrap_or_else(Attributes::of_implied_directory);
            let directory = self
                .tree
                .directory(&path)
                .map_err(|error| error.at(self.target))?;
            let applied = attributes.apply(directory, &mut self.summary.lost);
            applied.map_err(|failed| failed.at(self.shown(&path)))?;
        }
        Ok(())
    }

    fn broken(&self, source: EntryError) -> RootfsError {
        RootfsError::Stream {
            path: self.target.into(),
            source,
        }
    }

    fn shown(&self, path: &RelativePath) -> PathBuf {
        self.target.join(path.as_path())
    }
}
