//! What stands at a path, followed once: whatever it is, it is held.
//!
//! Reads: the path. Writes: nothing. Unknown here: what it is wanted for.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, OFlags, fstat, openat};

use super::directory::Directory;
use super::directory::real_path;
use crate::regular_file::{NotRegular, READING, RegularFile};

/// What stands at a path, held open.
#[derive(Debug)]
pub enum Found {
    /// A regular file, or the null device.
    File(RegularFile),
    /// A directory.
    Directory(Directory),
    /// A socket.
    Socket(Socket),
    /// Something that may never send a byte; nothing is held.
    Other(NotRegular),
}

/// A socket that is held by itself: whatever takes its name is another.
#[derive(Debug)]
pub struct Socket {
    handle: OwnedFd,
    path: PathBuf,
}

impl Found {
    /// Opens what a path leads to. Blocking, but only as long as the disk takes.
    ///
    /// # Errors
    /// The system's.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::open_at(CWD, path, path.to_owned())
    }

    /// The same, of a path that is seen from a directory.
    ///
    /// # Errors
    /// The system's.
    pub fn open_in(directory: &Directory, path: impl AsRef<Path>) -> io::Result<Self> {
        let shown = directory.full_path(&path);
        Self::open_at(directory.as_fd(), path.as_ref(), shown)
    }

    fn open_at(directory: BorrowedFd<'_>, path: &Path, shown: PathBuf) -> io::Result<Self> {
        // Held without being opened: to open a pipe wakes its writer, to open some devices does something.
        let held = openat(
            directory,
            path,
            OFlags::PATH | OFlags::CLOEXEC,
            Mode::empty(),
        )?;
        let found = fstat(&held)?;
        if let FileType::Directory = FileType::from_raw_mode(found.st_mode) {
            return Ok(Self::Directory(Directory::new(held, shown)));
        }
        if FileType::from_raw_mode(found.st_mode).is_socket() {
            let path = shown;
            return Ok(Self::Socket(Socket { handle: held, path }));
        }
        if let Some(refusal) = NotRegular::of(found.st_mode, found.st_rdev) {
            return Ok(Self::Other(refusal));
        }
        let file = openat(CWD, way_to(held.as_fd()), READING, Mode::empty())?;
        Ok(Self::File(RegularFile::of(file.into(), shown)?))
    }

    /// Where it is now, without links; `None` where nobody can tell.
    #[must_use]
    pub fn real_path(&self) -> Option<PathBuf> {
        match self {
            Self::File(file) => real_path(file.file()),
            Self::Directory(directory) => directory.real_path(),
            Self::Socket(socket) => real_path(&socket.handle),
            Self::Other(_) => None,
        }
    }
}

impl Socket {
    /// The path by which a person knows it.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A path that leads to this socket and to no other, for calls that take no handle; as long as the socket is held.
    #[must_use]
    pub fn address(&self) -> PathBuf {
        way_to(self.handle.as_fd())
    }
}

/// The kernel's own path to what is held open.
fn way_to(handle: BorrowedFd<'_>) -> PathBuf {
    format!("/proc/self/fd/{}", handle.as_raw_fd()).into()
}
