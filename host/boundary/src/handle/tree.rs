//! A tree that is removed, whatever it holds: by handles, and never through a link.
//!
//! Writes: the tree. Unknown here: what was in it.

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, chmod, openat, statat, unlinkat};
use rustix::io::Errno;
use rustix::path::Arg;

/// How a directory of the tree is opened: as itself, and only if it is one.
const DIRECTORY: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// Removes a file or tree of a directory, also one with directories that its owner may not write to.
///
/// # Errors
/// The system's.
pub fn remove(parent: &impl AsFd, name: impl AsRef<Path>) -> io::Result<()> {
    let name = name.as_ref();
    let found = statat(parent, name, AtFlags::SYMLINK_NOFOLLOW)?;
    if FileType::from_raw_mode(found.st_mode) == FileType::Directory {
        Ok(remove_directory(parent, name)?)
    } else {
        Ok(unlinkat(parent, name, AtFlags::empty())?)
    }
}

fn remove_directory(parent: &impl AsFd, name: impl Arg + Copy) -> Result<(), Errno> {
    let directory = open(parent, name)?;
    match remove_content(&directory) {
        // Its owner may open it and not write to it.
        Err(Errno::ACCESS) => {
            make_private(parent, name)?;
            remove_content(&directory)?;
        }
        removed => removed?,
    }
    unlinkat(parent, name, AtFlags::REMOVEDIR)
}

fn remove_content(directory: &OwnedFd) -> Result<(), Errno> {
    for entry in Dir::read_from(directory)? {
        let entry = entry?;
        let name: &CStr = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        if entry.file_type() == FileType::Directory {
            remove_directory(directory, name)?;
            continue;
        }
        match unlinkat(directory, name, AtFlags::empty()) {
            // Some file systems do not tell with the name; another may stand there by now.
            Err(Errno::ISDIR) => remove_directory(directory, name)?,
            Err(Errno::NOENT) => {}
            removed => removed?,
        }
    }
    Ok(())
}

/// Opens a directory for reading its names, and to its owner where it is closed.
fn open(parent: &impl AsFd, name: impl Arg + Copy) -> Result<OwnedFd, Errno> {
    match openat(parent, name, DIRECTORY, Mode::empty()) {
        Err(Errno::ACCESS) => {
            make_private(parent, name)?;
            openat(parent, name, DIRECTORY, Mode::empty())
        }
        opened => opened,
    }
}

/// Opens a directory to its owner.
fn make_private(parent: &impl AsFd, name: impl Arg + Copy) -> Result<(), Errno> {
    // A directory without rights cannot be opened for reading, and chmod(2) would follow a link.
    let handle = openat(parent, name, DIRECTORY.union(OFlags::PATH), Mode::empty())?;
    chmod(format!("/proc/self/fd/{}", handle.as_raw_fd()), Mode::RWXU)
}
