//! Directories of the tree by path, each opened from the one above it and never through a link.
//!
//! The directories down to the last entry stay open: a stream goes through a tree depth first, so that the next entry
//! opens what differs and nothing else.
//!
//! Reads and writes: directories beneath the root. Unknown here: streams, files, attributes.

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use oci_image_boundary::handle;
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;

use crate::error::RootfsError;
use crate::own::Own;
use crate::path::RelativePath;

/// The mode of every directory until the tree is complete.
pub const PRIVATE: Mode = Mode::RWXU;

/// How every directory is opened: as itself, and only if it is one.
pub(crate) const DIRECTORY: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// A name in a directory that is open.
pub(crate) struct Place<'tree> {
    pub(crate) parent: BorrowedFd<'tree>,
    pub(crate) name: &'tree [u8],
}

impl Place<'_> {
    /// Whether a directory stands there, and no link to one.
    pub(crate) fn is_directory(&self) -> bool {
        rustix::fs::statat(self.parent, self.name, AtFlags::SYMLINK_NOFOLLOW)
            .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Directory)
    }

    /// Removes what stands there, with all that is in it, where anything does.
    pub(crate) fn remove(&self) -> io::Result<()> {
        match rustix::fs::unlinkat(self.parent, self.name, AtFlags::empty()) {
            Err(Errno::ISDIR) => handle::remove(&self.parent, OsStr::from_bytes(self.name)),
            Err(Errno::NOENT) => Ok(()),
            removed => Ok(removed?),
        }
    }
}

/// A directory on the way that cannot be entered.
pub(crate) struct Blocked {
    path: RelativePath,
    source: Errno,
}

impl Blocked {
    /// The error, for a tree that is to be at `target`.
    pub(crate) fn at(self, target: &Path) -> RootfsError {
        let path = target.join(self.path.as_path());
        match self.source {
            Errno::NOTDIR | Errno::LOOP => RootfsError::NotADirectory { path },
            source => RootfsError::Enter {
                path,
                source: source.into(),
            },
        }
    }
}

/// The root and the directories on the way to the last entry.
pub(crate) struct Tree {
    root: OwnedFd,
    open: Vec<(Vec<u8>, OwnedFd)>,
}

impl Tree {
    pub(crate) fn new(root: OwnedFd) -> Self {
        Self {
            root,
            open: Vec::new(),
        }
    }

    /// The place of an entry. Directories missing on the way are made, in the place of what is not the layer's own too, and reported
    /// to `made`.
    pub(crate) fn place<'tree>(
        &'tree mut self,
        path: &'tree RelativePath,
        own: &Own,
        made: impl FnMut(RelativePath),
    ) -> Result<Place<'tree>, Blocked> {
        let (directory, name) = path.split();
        self.enter(&directory, |path| !own.has(path), made)?;
        Ok(Place {
            parent: self.last(),
            name,
        })
    }

    /// A directory that exists.
    pub(crate) fn directory(&mut self, path: &RelativePath) -> Result<BorrowedFd<'_>, Blocked> {
        self.enter(path, |_| false, |_| ())?;
        Ok(self.last())
    }

    /// What stands in a directory that exists, with nothing kept open.
    pub(crate) fn names(&self, path: &RelativePath) -> Result<Vec<Vec<u8>>, Errno> {
        let mut names = Vec::new();
        for entry in Dir::read_from(self.open(path)?)? {
            let name = entry?.file_name().to_bytes().to_vec();
            if !matches!(name.as_slice(), b"." | b"..") {
                names.push(name);
            }
        }
        Ok(names)
    }

    /// Where a link leads; `None` of what is none, or is not there.
    pub(crate) fn link(&self, path: &RelativePath) -> Option<Vec<u8>> {
        let (directory, name) = self.find(path).ok()?;
        let target = rustix::fs::readlinkat(directory, name, Vec::new()).ok()?;
        Some(target.into_bytes())
    }

    /// The directory and name of something that exists, with nothing made and nothing kept open.
    pub(crate) fn find<'path>(
        &self,
        path: &'path RelativePath,
    ) -> Result<(OwnedFd, &'path [u8]), Errno> {
        let (directory, name) = path.split();
        Ok((self.open(&directory)?, name))
    }

    fn open(&self, path: &RelativePath) -> Result<OwnedFd, Errno> {
        let mut found = rustix::fs::openat(&self.root, ".", DIRECTORY, Mode::empty())?;
        for component in path.components() {
            found = rustix::fs::openat(&found, component, DIRECTORY, Mode::empty())?;
        }
        Ok(found)
    }

    fn enter(
        &mut self,
        path: &RelativePath,
        may_replace: impl Fn(&RelativePath) -> bool,
        mut made: impl FnMut(RelativePath),
    ) -> Result<(), Blocked> {
        let mut depth = 0;
        let mut length = 0;
        for component in path.components() {
            length += component.len() + usize::from(depth > 0);
            if self
                .open
                .get(depth)
                .is_none_or(|(name, _)| name != component)
            {
                self.open.truncate(depth);
                let here = || path.up_to(length);
                let opened = open_or_make(self.last(), component, || may_replace(&here()));
                let (directory, new) = opened.map_err(|source| Blocked {
                    path: here(),
                    source,
                })?;
                self.open.push((component.to_vec(), directory));
                if new {
                    made(here());
                }
            }
            depth += 1;
        }
        // Nothing below stays open: the next act may remove it.
        self.open.truncate(depth);
        Ok(())
    }

    fn last(&self) -> BorrowedFd<'_> {
        self.open
            .last()
            .map_or(self.root.as_fd(), |(_, directory)| directory.as_fd())
    }
}

/// Opens a directory, which is made where nothing is, or what may be replaced; whether that was done.
fn open_or_make(
    parent: BorrowedFd<'_>,
    name: &[u8],
    may_replace: impl FnOnce() -> bool,
) -> Result<(OwnedFd, bool), Errno> {
    let open = || rustix::fs::openat(parent, name, DIRECTORY, Mode::empty());
    match open() {
        Err(Errno::NOENT) => {}
        // `O_NOFOLLOW` alone would answer LOOP for a link, with `O_DIRECTORY` it is NOTDIR on Linux.
        Err(blocked @ (Errno::NOTDIR | Errno::LOOP)) => {
            if !may_replace() {
                return Err(blocked);
            }
            rustix::fs::unlinkat(parent, name, AtFlags::empty())?;
        }
        opened => return Ok((opened?, false)),
    }
    rustix::fs::mkdirat(parent, name, PRIVATE)?;
    Ok((open()?, true))
}
