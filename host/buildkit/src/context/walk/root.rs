//! The root of a walk: opens what lies beneath it, and nothing else.
//!
//! The tree may change under us, and a directory may be replaced by a link to elsewhere: every path is resolved by the
//! kernel beneath the root, without following a symlink in any of its components.
//!
//! Reads: the directory given. Writes: nothing. Unknown here: what is done with what was opened.

use std::ffi::{CString, OsStr};
use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{FileType, Mode, OFlags, RawDir, ResolveFlags, openat, openat2, readlinkat};
use rustix::io::Errno;

use crate::context::walk::error::WalkError;
use oci_image_boundary::handle::Directory;

/// Bytes that one call for names may answer.
const NAMES_BUFFER: usize = 32 << 10;

/// An open directory whose entries are addressed by relative paths.
#[derive(Debug)]
pub struct Root {
    directory: Directory,
    /// Cleared when the kernel, or a filter before it, does not know `openat2`.
    resolves_beneath: AtomicBool,
}

impl Root {
    /// The root of walks of a directory.
    pub fn new(directory: Directory) -> Self {
        Self {
            directory,
            resolves_beneath: AtomicBool::new(true),
        }
    }

    /// The path of an entry as a person knows it.
    pub fn full_path(&self, relative: &[u8]) -> PathBuf {
        if relative.is_empty() {
            return self.directory.path().to_owned();
        }
        self.directory.full_path(OsStr::from_bytes(relative))
    }

    /// The directory itself.
    pub(super) fn directory(&self) -> &Directory {
        &self.directory
    }

    /// Opens a directory beneath the root for reading; the root itself for an empty path.
    pub(super) fn open_directory(&self, relative: &[u8]) -> io::Result<OwnedFd> {
        let path = if relative.is_empty() { b"." } else { relative };
        self.open_beneath(path, OFlags::RDONLY | OFlags::DIRECTORY)
    }

    /// Opens a file beneath the root for reading. Does not wait for the other end of a fifo that took its place.
    pub fn open_file(&self, relative: &[u8]) -> io::Result<File> {
        self.open_beneath(relative, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY)
            .map(File::from)
    }

    /// The text of a symlink beneath the root; `None` if nothing is there, or something else, or outside.
    pub(super) fn read_link(&self, relative: &[u8]) -> io::Result<Option<Vec<u8>>> {
        let link = match self.open_beneath(relative, OFlags::PATH) {
            Err(error) if is_nowhere(&error) => return Ok(None),
            opened => opened?,
        };
        match readlinkat(link, c"", Vec::new()) {
            Ok(text) => Ok(Some(text.into_bytes())),
            // A descriptor of anything but a symlink has no text: ENOENT; so it is in all kernels since 2.6.39.
            Err(Errno::NOENT | Errno::INVAL) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn open_beneath(&self, relative: &[u8], flags: OFlags) -> io::Result<OwnedFd> {
        let flags = flags | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        if self.resolves_beneath.load(Ordering::Relaxed) {
            let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
            match openat2(&self.directory, relative, flags, Mode::empty(), resolve) {
                // Kernels before 5.6 answer ENOSYS, seccomp filters of that age EPERM.
                Err(Errno::NOSYS | Errno::PERM) => {
                    self.resolves_beneath.store(false, Ordering::Relaxed);
                }
                opened => return Ok(opened?),
            }
        }
        Ok(open_stepwise(self.directory.as_fd(), relative, flags)?)
    }
}

/// Opens a path component by component, so that none can be a symlink.
fn open_stepwise(root: BorrowedFd<'_>, path: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
    let Some(at) = path.iter().rposition(|byte| *byte == b'/') else {
        return openat(root, path, flags, Mode::empty());
    };
    let step = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut directory: Option<OwnedFd> = None;
    for component in path[..at].split(|byte| *byte == b'/') {
        let above = directory.as_ref().map_or(root, AsFd::as_fd);
        directory = Some(openat(above, component, step, Mode::empty())?);
    }
    let above = directory.as_ref().map_or(root, AsFd::as_fd);
    openat(above, &path[at + 1..], flags, Mode::empty())
}

/// Reads the names in an open directory, as they come, with what the file system says of their kind.
pub(super) fn read_names(
    directory: &OwnedFd,
    mut each: impl FnMut(&[u8], FileType) -> Result<(), WalkError>,
) -> Result<io::Result<()>, WalkError> {
    let mut buffer = [MaybeUninit::uninit(); NAMES_BUFFER];
    let mut entries = RawDir::new(directory, &mut buffer);
    while let Some(entry) = entries.next() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => return Ok(Err(error.into())),
        };
        let name = entry.file_name().to_bytes();
        if name != b"." && name != b".." {
            each(name, entry.file_type())?;
        }
    }
    Ok(Ok(()))
}

/// Whether an error means that what was looked for is no longer there, or has become something else.
pub(super) fn is_gone(error: &io::Error) -> bool {
    matches!(
        Errno::from_io_error(error),
        // XDEV: a directory on the way was moved out of the root meanwhile.
        Some(Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::XDEV)
    )
}

/// Whether nothing can stand at a path that the daemon or a link names: nothing does, or no path is so long or has a zero byte.
pub(super) fn is_nowhere(error: &io::Error) -> bool {
    let is_no_path = matches!(
        Errno::from_io_error(error),
        Some(Errno::NAMETOOLONG | Errno::INVAL)
    );
    is_no_path || error.kind() == io::ErrorKind::InvalidInput || is_gone(error)
}

/// A path by which calls that take no descriptor reach an entry of an open directory.
///
/// # Errors
/// If the name holds a zero byte, which no entry's does.
pub(super) fn path_in(directory: BorrowedFd<'_>, name: &[u8]) -> io::Result<CString> {
    let mut path = format!("/proc/self/fd/{}/", directory.as_raw_fd()).into_bytes();
    path.extend_from_slice(name);
    Ok(CString::new(path)?)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Read;
    use std::os::unix::fs::symlink;

    use super::*;

    fn read(root: &Root, path: &str) -> Result<String, Option<i32>> {
        let mut file = root
            .open_file(path.as_bytes())
            .map_err(|error| error.raw_os_error())?;
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        Ok(text)
    }

    #[test]
    fn no_component_of_a_path_may_be_a_symlink_or_lead_out_with_or_without_openat2() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret"), "secret").unwrap();
        let tree = tempfile::tempdir().unwrap();
        fs::create_dir_all(tree.path().join("a/b")).unwrap();
        fs::write(tree.path().join("a/b/file"), "inside").unwrap();
        symlink(outside.path(), tree.path().join("out")).unwrap();
        symlink("file", tree.path().join("a/b/link")).unwrap();
        let loops = Err(Some(Errno::LOOP.raw_os_error()));

        for resolves_beneath in [true, false] {
            let root = Root::new(Directory::open(tree.path()).unwrap());
            root.resolves_beneath
                .store(resolves_beneath, Ordering::Relaxed);

            assert_eq!(read(&root, "a/b/file"), Ok("inside".into()));
            assert_eq!(read(&root, "a/b/link"), loops);
            assert!(read(&root, "out/secret").is_err());
            assert_eq!(
                root.resolves_beneath.load(Ordering::Relaxed),
                resolves_beneath
            );
        }
    }
}
