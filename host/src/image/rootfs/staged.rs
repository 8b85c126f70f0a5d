//! A directory that grows beside its final place, and either takes that place at once or vanishes.
//!
//! Writes: `NAME.partial-*` beside the place, and the place. Unknown here: what grows in it.

use std::fs;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Dir, FileType, Mode, OFlags, RenameFlags};
use rustix::io::Errno;
use rustix::path::Arg;
use tempfile::TempDir;

use super::PRIVATE;
use super::error::RootfsError;
use super::tree::DIRECTORY;

/// A directory that only this user can enter until it is given another mode; removed when dropped.
#[derive(Debug)]
pub(super) struct Staged {
    directory: TempDir,
    target: PathBuf,
}

impl Staged {
    /// A new directory beside `target`.
    pub(super) fn beside(target: &Path) -> Result<Self, RootfsError> {
        let failed = |source| RootfsError::Stage {
            path: target.into(),
            source,
        };
        let name = target
            .file_name()
            .ok_or_else(|| failed(io::ErrorKind::InvalidInput.into()))?;
        let mut prefix = name.to_os_string();
        prefix.push(".partial-");
        let parent = match target.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let mut directory = tempfile::Builder::new()
            .prefix(&prefix)
            .tempdir_in(parent)
            .map_err(failed)?;
        directory.disable_cleanup(true); // It is ours to remove: see `remove`.
        Ok(Self {
            directory,
            target: target.into(),
        })
    }

    /// Opens the directory.
    pub(super) fn open(&self) -> Result<OwnedFd, RootfsError> {
        let path = self.directory.path();
        rustix::fs::openat(CWD, path, DIRECTORY, Mode::empty()).map_err(|error| {
            RootfsError::Stage {
                path: path.into(),
                source: error.into(),
            }
        })
    }

    /// Puts the directory into its place, and removes what stood there.
    pub(super) fn put(self) -> Result<(), RootfsError> {
        let path = self.directory.path();
        let failed = |error: Errno| RootfsError::Commit {
            path: self.target.clone(),
            source: error.into(),
        };
        match rustix::fs::rename(path, &self.target) {
            Ok(()) => Ok(()),
            // Something stands there that is not an empty directory: swap, so that the name is never without a tree.
            Err(Errno::NOTEMPTY | Errno::EXIST | Errno::NOTDIR) => {
                let exchange = RenameFlags::EXCHANGE;
                rustix::fs::renameat_with(CWD, path, CWD, &self.target, exchange)
                    .map_err(failed)?;
                remove(path).map_err(|source| RootfsError::RemoveOld {
                    path: path.into(),
                    source,
                })
            }
            Err(error) => Err(failed(error)),
        }
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // Nothing stands there any more after `put`. An error shows as a directory that stays.
        let _ = remove(self.directory.path());
    }
}

/// Removes a file or tree, also one with directories that its owner may not write to.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    if !path.symlink_metadata()?.is_dir() {
        return fs::remove_file(path);
    }
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            make_private(CWD, path)?;
            fs::remove_dir_all(path)
        }
        removed => removed,
    }
}

/// Opens each directory of a tree to its owner.
fn make_private(parent: BorrowedFd<'_>, name: impl Arg + Copy) -> io::Result<()> {
    // A directory without rights cannot be opened for reading, and chmod(2) would follow a link.
    let handle = rustix::fs::openat(parent, name, DIRECTORY.union(OFlags::PATH), Mode::empty())?;
    rustix::fs::chmod(format!("/proc/self/fd/{}", handle.as_raw_fd()), PRIVATE)?;
    let directory = rustix::fs::openat(parent, name, DIRECTORY, Mode::empty())?;
    for entry in Dir::read_from(&directory)? {
        let entry = entry?;
        let is_below = !matches!(entry.file_name().to_bytes(), b"." | b"..");
        if is_below && entry.file_type() == FileType::Directory {
            make_private(directory.as_fd(), entry.file_name())?;
        }
    }
    Ok(())
}
