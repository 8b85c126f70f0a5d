//! Unpacking: the entries of layers, each made in the tree as it comes, and the directories finished at the end.
//!
//! Reads: layers. Writes: beneath the root. Unknown here: where the tree goes when it is complete.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;

use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

use super::attributes::Attributes;
use super::error::RootfsError;
use super::own::Own;
use super::path::RelativePath;
use super::resolution::resolved;
use super::stream::Stream;
use super::summary::Summary;
use super::tree::{PRIVATE, Place, Tree};
use super::whiteout::Whiteout;
use crate::codec::Decoder;
use crate::entry::{Entries, Entry, EntryError, Kind, Source};

/// Bytes copied at a time.
const COPY_BUFFER: usize = 1 << 20;

/// How many bytes of directories' extended attributes are kept until the tree is complete. File systems take a few KiB for each,
/// and images have none.
const ATTRIBUTES_LIMIT: usize = 64 << 20;

/// Layers on their way into a tree that is to be at `target`.
pub(super) struct Unpacking {
    tree: Tree,
    target: PathBuf,
    /// Directories made, with what they get at the end; `None` for one that only an entry below it asked for.
    directories: BTreeMap<RelativePath, Option<Attributes>>,
    /// Bytes of their extended attributes.
    kept: usize,
    /// What the present layer has made.
    own: Own,
    buffer: Vec<u8>,
    summary: Summary,
}

impl Unpacking {
    /// Into the tree whose root is open.
    pub(super) fn into(root: OwnedFd, target: PathBuf) -> Self {
        Self {
            tree: Tree::new(root),
            target,
            directories: BTreeMap::new(),
            kept: 0,
            own: Own::default(),
            buffer: vec![0; COPY_BUFFER],
            summary: Summary::default(),
        }
    }

    /// Unpacks a layer, however it is compressed, above those before it.
    pub(super) fn layer(&mut self, layer: impl Read) -> Result<(), RootfsError> {
        let raw = Decoder::new(layer).map_err(|source| RootfsError::Layer {
            path: self.target.clone(),
            source,
        })?;
        let mut entries = Entries::new(Stream::new(raw));
        while let Some(entry) = entries.next().map_err(|source| self.broken(source))? {
            self.entry(entry, &mut entries)?;
        }
        self.own.next_layer();
        Ok(())
    }

    fn entry(
        &mut self,
        mut entry: Entry,
        content: &mut Entries<impl Source>,
    ) -> Result<(), RootfsError> {
        let path = resolved(&entry.path, &self.own, &self.tree);
        let path = path.ok_or_else(|| RootfsError::EntryPath {
            path: self.target.clone(),
            entry: entry.name(),
        })?;
        if let Some(whiteout) = Whiteout::of(path.split().1) {
            return self.hide(&path, whiteout, &entry);
        }
        let is_of_root = path.is_root() && entry.kind != Kind::Directory;
        if is_of_root || path.components().any(Whiteout::is_meta) {
            return Ok(()); // the root stays one, and aufs kept no files of the image in its directories
        }
        match entry.kind {
            Kind::Device => {
                self.clear(&path)?;
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

    /// Hides what lies below the present layer.
    fn hide(
        &mut self,
        path: &RelativePath,
        whiteout: Whiteout,
        entry: &Entry,
    ) -> Result<(), RootfsError> {
        let (directory, _) = path.split();
        match whiteout {
            Whiteout::Meaningless => Ok(()),
            Whiteout::Invalid => Err(RootfsError::Whiteout {
                path: self.target.clone(),
                entry: entry.name(),
            }),
            Whiteout::Of(name) => {
                let hidden = directory.after(&name);
                self.enter(&hidden)?;
                self.uncover(&hidden)
            }
            Whiteout::OfAll => {
                self.enter(path)?;
                self.uncover_all(&directory)
            }
        }
    }

    /// Makes the directories on the way to a path.
    fn enter(&mut self, path: &RelativePath) -> Result<(), RootfsError> {
        self.placed(path, |_| ())?;
        let directory = path.split().0;
        self.has_made(&directory, false)
    }

    /// Removes what is not of the present layer at a path, and beneath it.
    fn uncover(&mut self, path: &RelativePath) -> Result<(), RootfsError> {
        if !self.own.has(path) {
            return self.clear(path);
        }
        // What is no directory has nothing beneath it.
        if self.directories.contains_key(path) {
            return self.uncover_all(path);
        }
        Ok(())
    }

    fn uncover_all(&mut self, directory: &RelativePath) -> Result<(), RootfsError> {
        if !self.own.is_above() || !self.own.bare(directory) {
            return Ok(());
        }
        let names = self.tree.names(directory);
        let names = names.map_err(|source| RootfsError::Enter {
            path: self.shown(directory),
            source: source.into(),
        })?;
        names
            .iter()
            .try_for_each(|name| self.uncover(&directory.after(name)))
    }

    /// Removes what stands at a path, whatever it is.
    fn clear(&mut self, path: &RelativePath) -> Result<(), RootfsError> {
        let removed = self.placed(path, |place| place.remove())?;
        removed.map_err(|source| RootfsError::Replace {
            path: self.shown(path),
            source,
        })?;
        self.forget(path);
        Ok(())
    }

    /// What was a directory, and all beneath it, is none any more.
    fn forget(&mut self, path: &RelativePath) {
        if self.directories.remove(path).is_none() {
            return; // of what is none nothing is beneath
        }
        let beneath = self.directories.range(path.beneath());
        let beneath: Vec<_> = beneath.map(|(path, _)| path.clone()).collect();
        for path in beneath {
            self.directories.remove(&path);
        }
    }

    fn has_made(&mut self, path: &RelativePath, is_link: bool) -> Result<(), RootfsError> {
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
        let file = self.make(path, |place| {
            rustix::fs::openat(place.parent, place.name, flags, Mode::RUSR | Mode::WUSR)
        })?;
        let mut file = File::from(file);
        loop {
            let count = content.read(&mut self.buffer);
            let count = count.map_err(|source| self.broken(source))?;
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
        self.has_made(path, true)?;
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
        let mut lost = self.summary.lost;
        let applied = self.placed(path, |place| attributes.apply_at(place, mode, &mut lost))?;
        self.summary.lost = lost;
        applied.map_err(|failed| failed.at(self.shown(path)))
    }

    fn hard_link(&mut self, path: &RelativePath, to: &[u8]) -> Result<(), RootfsError> {
        let target = resolved(to, &self.own, &self.tree).filter(|to| !to.is_root());
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
    fn placed<T>(
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
    pub(super) fn finish(mut self) -> Result<Summary, RootfsError> {
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

    fn shown(&self, path: &RelativePath) -> PathBuf {
        self.target.join(path.as_path())
    }
}
