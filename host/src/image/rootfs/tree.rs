//! Directories of the tree by path, each opened from the one above it and never through a link.
//!
//! The directories down to the last entry stay open: a stream goes through a tree depth first, so that the next entry
//! opens what differs and nothing else.
//!
//! Reads and writes: directories beneath the root. Unknown here: streams, files, attributes.

use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::PRIVATE;
use super::error::RootfsError;

/// The longest path, in bytes: what Linux takes as one (`PATH_MAX` without its NUL).
pub(super) const LENGTH_LIMIT: usize = 4095;

/// The deepest path, in components. Each is a directory that stays open, and a process has 1024 files at least.
pub(super) const DEPTH_LIMIT: usize = 256;

/// How every directory is opened: as itself, and only if it is one.
pub(super) const DIRECTORY: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// A path beneath the root: components joined by `/`, none of them empty, `.` or `..`. The root is the empty path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RelativePath(Vec<u8>);

impl RelativePath {
    /// The path that `bytes` mean, or `None` if they lead out or no file system takes them.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        if bytes.first() == Some(&b'/') || bytes.contains(&0) || bytes.len() > LENGTH_LIMIT {
            return None;
        }
        let mut path = Vec::with_capacity(bytes.len());
        let mut depth = 0;
        for component in bytes.split(|byte| *byte == b'/') {
            match component {
                b"" | b"." => continue,
                b".." => return None,
                _ => depth += 1,
            }
            if !path.is_empty() {
                path.push(b'/');
            }
            path.extend_from_slice(component);
        }
        (depth <= DEPTH_LIMIT).then_some(Self(path))
    }

    pub(super) fn root() -> Self {
        Self(Vec::new())
    }

    pub(super) fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn as_path(&self) -> &Path {
        Path::new(OsStr::from_bytes(&self.0))
    }

    fn components(&self) -> impl Iterator<Item = &[u8]> {
        self.0
            .split(|byte| *byte == b'/')
            .filter(|component| !component.is_empty())
    }

    /// The path of the directory above, and the name in it; of the root, the root and no name.
    fn split(&self) -> (Self, &[u8]) {
        match self.0.iter().rposition(|byte| *byte == b'/') {
            Some(slash) => (Self(self.0[..slash].to_vec()), &self.0[slash + 1..]),
            None => (Self(Vec::new()), &self.0),
        }
    }
}

/// A name in a directory that is open.
pub(super) struct Place<'tree> {
    pub(super) parent: BorrowedFd<'tree>,
    pub(super) name: &'tree [u8],
}

impl Place<'_> {
    /// Whether a directory stands there, and no link to one.
    pub(super) fn is_directory(&self) -> bool {
        rustix::fs::statat(self.parent, self.name, AtFlags::SYMLINK_NOFOLLOW)
            .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Directory)
    }

    /// Removes what stands there: anything but a directory that is not empty.
    pub(super) fn remove(&self) -> Result<(), Errno> {
        match rustix::fs::unlinkat(self.parent, self.name, AtFlags::empty()) {
            Err(Errno::ISDIR) => rustix::fs::unlinkat(self.parent, self.name, AtFlags::REMOVEDIR),
            removed => removed,
        }
    }
}

/// A directory on the way that cannot be entered.
pub(super) struct Blocked {
    path: RelativePath,
    source: Errno,
}

impl Blocked {
    /// The error, for a tree that is to be at `target`.
    pub(super) fn at(self, target: &Path) -> RootfsError {
        let path = target.join(self.path.as_path());
        match self.source {
            // `O_NOFOLLOW` alone would answer LOOP for a link, with `O_DIRECTORY` it is NOTDIR on Linux.
            Errno::NOTDIR | Errno::LOOP => RootfsError::NotADirectory { path },
            source => RootfsError::Enter {
                path,
                source: source.into(),
            },
        }
    }
}

/// The root and the directories on the way to the last entry.
pub(super) struct Tree {
    root: OwnedFd,
    open: Vec<(Vec<u8>, OwnedFd)>,
}

impl Tree {
    pub(super) fn new(root: OwnedFd) -> Self {
        Self {
            root,
            open: Vec::new(),
        }
    }

    /// The place of an entry. Directories missing on the way are made, and reported to `made`.
    pub(super) fn place<'tree>(
        &'tree mut self,
        path: &'tree RelativePath,
        made: impl FnMut(RelativePath),
    ) -> Result<Place<'tree>, Blocked> {
        let (directory, name) = path.split();
        self.enter(&directory, made)?;
        Ok(Place {
            parent: self.last(),
            name,
        })
    }

    /// A directory that exists.
    pub(super) fn directory(&mut self, path: &RelativePath) -> Result<BorrowedFd<'_>, Blocked> {
        self.enter(path, |_| ())?;
        Ok(self.last())
    }

    /// The directory and name of something that exists, with nothing made and nothing kept open.
    pub(super) fn find<'path>(
        &self,
        path: &'path RelativePath,
    ) -> Result<(OwnedFd, &'path [u8]), Errno> {
        let (directory, name) = path.split();
        let mut found = rustix::fs::openat(&self.root, ".", DIRECTORY, Mode::empty())?;
        for component in directory.components() {
            found = rustix::fs::openat(&found, component, DIRECTORY, Mode::empty())?;
        }
        Ok((found, name))
    }

    fn enter(
        &mut self,
        path: &RelativePath,
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
                let here = || RelativePath(path.0[..length].to_vec());
                let (directory, new) =
                    open_or_make(self.last(), component).map_err(|source| Blocked {
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

fn open_or_make(parent: BorrowedFd<'_>, name: &[u8]) -> Result<(OwnedFd, bool), Errno> {
    match rustix::fs::openat(parent, name, DIRECTORY, Mode::empty()) {
        Err(Errno::NOENT) => {
            rustix::fs::mkdirat(parent, name, PRIVATE)?;
            Ok((
                rustix::fs::openat(parent, name, DIRECTORY, Mode::empty())?,
                true,
            ))
        }
        opened => Ok((opened?, false)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_beneath_the_root_or_none() {
        let long = vec![b'a'; 4096];
        let deep = b"a/".repeat(257);
        let cases: [(&[u8], Option<&[u8]>); 12] = [
            (b"usr/bin/env", Some(b"usr/bin/env")),
            (b"./usr//bin/", Some(b"usr/bin")),
            (b"./", Some(b"")),
            (b"", Some(b"")),
            (b"...", Some(b"...")),
            (b"\xff\n", Some(b"\xff\n")),
            (b"/etc/passwd", None),
            (b"a/../b", None),
            (b"..", None),
            (b"a\0b", None),
            (&long, None),
            (&deep, None),
        ];
        for (bytes, expected) in cases {
            assert_eq!(
                RelativePath::parse(bytes).map(|path| path.0).as_deref(),
                expected
            );
        }
    }
}
