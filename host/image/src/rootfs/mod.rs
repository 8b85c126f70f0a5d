//! A root filesystem: one flattened tar stream, unpacked into a directory that nothing can leave.
//!
//! The stream may say whatever it likes: each directory is opened from the one above, never through a link, and each
//! file is created new, never opened. The tree grows beside its final place, and its directories are open to this user
//! alone until the end, when they get their modes and times, deepest first; then it is renamed. The stream is one tree
//! (BuildKit's `tar` exporter): whiteouts have no meaning here.
//!
//! Reads: the stream, once. Writes: the directory, and `NAME.partial-*` beside it. Unknown here: layers, who sends.
//!
//! - [`error`]: why a stream cannot be unpacked, by path.
//!
//! Private: `staged` (a directory beside its final place), `path` (a path beneath the root), `tree` (directories by path),
//! `attributes` (owners, modes, times, extended attributes).

mod attributes;
pub mod error;
mod path;
mod staged;
mod tree;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

use self::attributes::Attributes;
pub use self::attributes::Lost;
use self::error::RootfsError;
use self::path::RelativePath;
use self::staged::Staged;
use self::tree::{Place, Tree};
use super::entry::{Entries, Entry, Kind, Source};
use oci_image_boundary::handle::Directory;

/// Bytes copied at a time. A reader that has its own buffers is read past the smaller one of headers.
const COPY_BUFFER: usize = 1 << 20;
const HEADER_BUFFER: usize = 64 << 10;

/// How many bytes of directories' extended attributes are kept until the tree is complete. File systems take a few KiB for each,
/// and images have none.
const ATTRIBUTES_LIMIT: usize = 64 << 20;

/// The mode of every directory until the tree is complete.
const PRIVATE: Mode = Mode::RWXU;

/// A root filesystem that is complete and lies beside its final place; dropping it removes it.
#[derive(Debug)]
pub struct Rootfs {
    staged: Staged,
    summary: Summary,
}

/// What was unpacked, and what of it could not be kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Entries made: files, directories, links, pipes.
    pub entries: u64,
    /// Bytes of content written.
    pub bytes: u64,
    /// Device nodes, which are never made: a container's runtime makes its own.
    pub skipped_devices: u64,
    /// What the user or the file system does not allow.
    pub lost: Lost,
}

impl Rootfs {
    /// Unpacks `stream` into a directory, beside the name that it is to have there. Blocking; the stream is read to its end.
    ///
    /// ```
    /// use oci_image_boundary::handle::Directory;
    /// use oci_image_image::rootfs::Rootfs;
    ///
    /// let directory = tempfile::tempdir()?;
    /// let mut archive = tar::Builder::new(Vec::new());
    /// archive.append_data(&mut tar::Header::new_gnu(), "empty", &[][..])?;
    /// let stream = archive.into_inner()?;
    ///
    /// let output = Directory::open(directory.path())?;
    /// let summary = Rootfs::unpack(stream.as_slice(), &output, "rootfs".as_ref())?.commit()?;
    ///
    /// assert_eq!(summary.entries, 1);
    /// assert!(directory.path().join("rootfs/empty").is_file());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`RootfsError`]: the stream is malformed or cut off, an entry leads out of the tree or cannot stand where it
    /// should, or the file system refuses. Nothing is left behind.
    pub fn unpack(
        stream: impl Read,
        directory: &Directory,
        name: &OsStr,
    ) -> Result<Self, RootfsError> {
        let staged = Staged::beside(directory, name)?;
        let target = &directory.full_path(name);
        let mut unpacking = Unpacking {
            tree: Tree::new(staged.open()?),
            staged,
            target,
            entries: Entries::new(Stream(BufReader::with_capacity(HEADER_BUFFER, stream))),
            directories: BTreeMap::new(),
            kept: 0,
            buffer: vec![0; COPY_BUFFER],
            summary: Summary::default(),
        };
        unpacking.all_entries()?;
        unpacking.finish_directories()?;
        let Unpacking {
            staged, summary, ..
        } = unpacking;
        Ok(Self { staged, summary })
    }

    /// What was unpacked.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// Puts the tree into its final place, at once, and removes what stood there. Blocking.
    ///
    /// # Errors
    /// [`RootfsError::Commit`], and then the old content still stands there; [`RootfsError::RemoveOld`] if the new one
    /// does, but the old one remains beside it.
    pub fn commit(self) -> Result<Summary, RootfsError> {
        self.staged.put()?;
        Ok(self.summary)
    }
}

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

struct Unpacking<'target, R> {
    tree: Tree,
    staged: Staged,
    target: &'target Path,
    entries: Entries<Stream<R>>,
    /// Directories made, with what they get at the end; `None` for one that only an entry below it asked for.
    directories: BTreeMap<RelativePath, Option<Attributes>>,
    /// Bytes of their extended attributes.
    kept: usize,
    buffer: Vec<u8>,
    summary: Summary,
}

impl<R: Read> Unpacking<'_, R> {
    fn all_entries(&mut self) -> Result<(), RootfsError> {
        while let Some(entry) = self.entries.next().map_err(|source| self.broken(source))? {
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
        let mut file = File::from(file);
        loop {
            let count = self
                .entries
                .read(&mut self.buffer)
                .map_err(|source| self.broken(source))?;
            if count == 0 {
                break;
            }
            let write = file.write_all(&self.buffer[..count]);
            write.map_err(|source| RootfsError::Write {
                path: self.shown(path),
                source,
            })?;
            self.summary.bytes += count as u64;
        }
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

    fn broken(&self, source: super::entry::EntryError) -> RootfsError {
        RootfsError::Stream {
            path: self.target.into(),
            source,
        }
    }

    fn shown(&self, path: &RelativePath) -> PathBuf {
        self.target.join(path.as_path())
    }
}
