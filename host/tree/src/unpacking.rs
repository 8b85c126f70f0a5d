//! Unpacking: the entries of streams, each made in the tree as it comes, and the directories finished at the end.
//!
//! Reads: streams. Writes: beneath the root. Unknown here: where the tree goes when it is complete.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;

use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

use crate::attributes::{Attributes, PRIVATE_FILE};
use crate::entry::{Entries, Entry, EntryError, Kind, Source};
use crate::error::RootfsError;
use crate::holes::FileWithHoles;
use crate::own::Own;
use crate::path::RelativePath;
use crate::resolution::resolved;
use crate::stream::Stream;
use crate::summary::Summary;
use crate::tree::{PRIVATE, Place, Tree};
use crate::whiteout::Whiteout;

/// Bytes copied at a time.
const COPY_BUFFER: usize = 1 << 20;

/// How many bytes of directories' extended attributes are kept until the tree is complete. File systems take a few KiB for each,
/// and images have none.
const ATTRIBUTES_LIMIT: usize = 64 << 20;

/// What a stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// All of a tree: names are names, and what leads anywhere else is refused.
    Tree,
    /// A layer above others: some names hide what is below, and a path goes where links of the layer lead, inside of the tree.
    Layer,
}

/// Streams on their way into a tree that is to be at `target`.
pub(crate) struct Unpacking {
    meaning: Meaning,
    pub(crate) tree: Tree,
    pub(crate) target: PathBuf,
    /// Directories made, with what they get at the end; `None` for one that only an entry below it asked for.
    pub(crate) directories: BTreeMap<RelativePath, Option<Attributes>>,
    /// Bytes of their extended attributes.
    kept: usize,
    /// What the present layer has made.
    pub(crate) own: Own,
    buffer: Vec<u8>,
    summary: Summary,
}

impl Unpacking {
    /// Into the tree whose root is open.
    pub(crate) fn into(root: OwnedFd, target: PathBuf, meaning: Meaning) -> Self {
        Self {
            meaning,
            tree: Tree::new(root),
            target,
            directories: BTreeMap::new(),
            kept: 0,
            own: Own::default(),
            buffer: vec![0; COPY_BUFFER],
            summary: Summary::default(),
        }
    }

    /// Unpacks a stream, above those before it.
    pub(crate) fn stream<R: Read>(&mut self, stream: R) -> Result<Entries<Stream<R>>, RootfsError> {
        let mut entries = Entries::new(Stream::new(stream));
        while let Some(entry) = entries.next_entry().map_err(|source| self.broken(source))? {
            self.entry(entry, &mut entries)?;
        }
        self.own.next_layer();
        Ok(entries)
    }

    fn entry(
        &mut self,
        mut entry: Entry,
        content: &mut Entries<impl Source>,
    ) -> Result<(), RootfsError> {
        let path = self.path(&entry.path);
        let path = path.ok_or_else(|| RootfsError::EntryPath {
            path: self.target.clone(),
            entry: entry.name(),
        })?;
        if self.meaning == Meaning::Layer {
            if let Some(whiteout) = Whiteout::of(path.split().1) {
                return self.hide(&path, whiteout, &entry);
            }
            let is_of_root = path.is_root() && entry.kind != Kind::Directory;
            if is_of_root || path.components().any(Whiteout::is_meta) {
                return Ok(()); // the root stays one, and aufs kept no files of the image in its directories
            }
        }
        match entry.kind {
            Kind::Device => {
                if !path.is_root() {
                    self.clear(&path)?;
                }
                self.summary.skipped_devices += 1;
                return Ok(());
            }
            Kind::Other(kind) => {
                return Err(RootfsError::Kind {
                    path: self.shown(&path),
                    kind: char::from(kind),
                });
            }
            Kind::Directory => self.directory(&path, Attributes::of(entry))?,
            Kind::File => self.file(&path, &Attributes::of(entry), content)?,
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

    /// The path in the tree that a stream means.
    fn path(&self, written: &[u8]) -> Option<RelativePath> {
        match self.meaning {
            Meaning::Tree => RelativePath::strict(written),
            Meaning::Layer => resolved(written, &self.own, &self.tree),
        }
    }

    pub(crate) fn has_made(
        &mut self,
        path: &RelativePath,
        is_link: bool,
    ) -> Result<(), RootfsError> {
        if self.meaning == Meaning::Tree {
            return Ok(()); // nothing is below, and no path goes through a link
        }
        let added = self.own.add(path, is_link);
        added.ok_or_else(|| RootfsError::TooManyEntries {
            path: self.target.clone(),
        })
    }

    fn directory(
        &mut self,
        path: &RelativePath,
        attributes: Attributes,
    ) -> Result<(), RootfsError> {
        if !path.is_root() {
            self.make(path, |place| {
                match rustix::fs::mkdirat(place.parent, place.name, PRIVATE) {
                    Err(Errno::EXIST) if place.is_directory() => Ok(()),
                    made => made,
                }
            })?;
        }
        self.kept += attributes.xattrs_size();
        if self.kept > ATTRIBUTES_LIMIT {
            return Err(RootfsError::TooManyAttributes {
                path: self.shown(path),
                limit: ATTRIBUTES_LIMIT,
            });
        }
        self.directories.insert(path.clone(), Some(attributes));
        Ok(())
    }

    fn file(
        &mut self,
        path: &RelativePath,
        attributes: &Attributes,
        content: &mut Entries<impl Source>,
    ) -> Result<(), RootfsError> {
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = attributes.first_mode();
        let file = self.make(path, |place| {
            rustix::fs::openat(place.parent, place.name, flags, mode)
        })?;
        let mut file = FileWithHoles::new(File::from(file));
        let failed = |target: &PathBuf, source| RootfsError::Write {
            path: target.join(path.as_path()),
            source,
        };
        loop {
            let count = content.read(&mut self.buffer);
            let count = count.map_err(|source| self.broken(source))?;
            if count == 0 {
                break;
            }
            let appended = file.append(&self.buffer[..count]);
            appended.map_err(|source| failed(&self.target, source))?;
            self.summary.bytes += count as u64;
        }
        let file = file.finish();
        let file = file.map_err(|source| failed(&self.target, source))?;
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
        self.has_made(path, true)?;
        self.attributes_by_name(path, None, attributes)
    }

    fn fifo(&mut self, path: &RelativePath, attributes: &Attributes) -> Result<(), RootfsError> {
        self.make(path, |place| {
            rustix::fs::mkfifoat(place.parent, place.name, PRIVATE_FILE)
        })?;
        self.attributes_by_name(path, Some(attributes.mode), attributes)
    }

    fn attributes_by_name(
        &mut self,
        path: &RelativePath,
        mode: Option<Mode>,
        attributes: &Attributes,
    ) -> Result<(), RootfsError> {
        let mut lost = self.summary.lost;
        let applied = self.placed(path, |place| attributes.apply_at(place, mode, &mut lost))?;
        self.summary.lost = lost;
        applied.map_err(|failed| failed.at(self.shown(path)))
    }

    fn hard_link(&mut self, path: &RelativePath, to: &[u8]) -> Result<(), RootfsError> {
        let target = self.path(to).filter(|to| !to.is_root());
        let to = target.ok_or_else(|| RootfsError::LinkPath {
            path: self.shown(path),
            to: String::from_utf8_lossy(to).into_owned(),
        })?;
        let failed = |source: Errno, target: &PathBuf| RootfsError::HardLink {
            path: target.join(path.as_path()),
            to: target.join(to.as_path()),
            source: source.into(),
        };
        let found = self.tree.find(&to);
        let (directory, name) = found.map_err(|source| failed(source, &self.target))?;
        let linked = self.make(path, |place| {
            // Without a flag the target is never followed: a link to a symlink is a second name of the symlink.
            match rustix::fs::linkat(&directory, name, place.parent, place.name, AtFlags::empty()) {
                Err(Errno::EXIST) => Err(Errno::EXIST),
                linked => Ok(linked),
            }
        })?;
        linked.map_err(|source| failed(source, &self.target))?;
        // The second name of a link is one too.
        self.has_made(path, self.own.has_link(&to))
    }

    /// Makes an entry, in the place of what stood there.
    fn make<T>(
        &mut self,
        path: &RelativePath,
        make: impl Fn(&Place<'_>) -> Result<T, Errno>,
    ) -> Result<T, RootfsError> {
        if path.is_root() {
            return Err(RootfsError::Root {
                path: self.target.clone(),
            });
        }
        let made = match self.placed(path, &make)? {
            Err(Errno::EXIST) => {
                self.clear(path)?;
                self.placed(path, &make)?
            }
            made => made,
        };
        let made = made.map_err(|source| RootfsError::Create {
            path: self.shown(path),
            source: source.into(),
        })?;
        self.has_made(path, false)?;
        Ok(made)
    }

    /// Does something at a path; directories that are missing on the way are made.
    pub(crate) fn placed<T>(
        &mut self,
        path: &RelativePath,
        act: impl FnOnce(&Place<'_>) -> T,
    ) -> Result<T, RootfsError> {
        let directories = &mut self.directories;
        let implicit = |made: RelativePath| drop(directories.insert(made, None));
        let place = self.tree.place(path, &self.own, implicit);
        Ok(act(&place.map_err(|error| error.at(&self.target))?))
    }

    /// Gives directories what they are to have, each after those below it, and the root last of all.
    pub(crate) fn finish(mut self) -> Result<Summary, RootfsError> {
        self.directories.entry(RelativePath::root()).or_insert(None);
        // An ancestor sorts before what lies below it. What was given its mode may be closed to us from then on.
        for (path, attributes) in std::mem::take(&mut self.directories).into_iter().rev() {
            let attributes = attributes.unwrap_or_else(Attributes::of_implied_directory);
            let directory = self
                .tree
                .directory(&path)
                .map_err(|error| error.at(&self.target))?;
            let applied = attributes.apply(directory, &mut self.summary.lost);
            applied.map_err(|failed| failed.at(self.shown(&path)))?;
        }
        Ok(self.summary)
    }

    fn broken(&self, source: EntryError) -> RootfsError {
        RootfsError::Stream {
            path: self.target.clone(),
            source,
        }
    }

    pub(crate) fn shown(&self, path: &RelativePath) -> PathBuf {
        self.target.join(path.as_path())
    }
}
