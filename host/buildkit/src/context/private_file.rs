//! A file that is this user's alone, kept beside what the daemon keeps.
//!
//! Reads: files. Writes: them, whole or not at all, and so that they outlast a loss of power. Unknown here: what is in them.

use std::ffi::OsStr;
use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;

use rustix::fs::{Mode, OFlags, openat};

use oci_image_boundary::handle::{Directory, PartialFile};

/// Opens one for reading, if no link stands in its place. Does not wait for the other end of a pipe.
pub(super) fn open(directory: &Directory, name: &str) -> rustix::io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    openat(directory, name, flags, Mode::empty()).map(File::from)
}

/// Writes one, in the place of what is there.
pub(super) fn put(
    directory: &Directory,
    name: &str,
    fill: impl FnOnce(&File) -> io::Result<()>,
) -> io::Result<()> {
    let partial = PartialFile::new(directory, OsStr::new(&format!(".{name}-")))?;
    partial
        .file
        .set_permissions(Permissions::from_mode(0o600))?;
    fill(&partial.file)?;
    partial.file.sync_all()?;
    partial.put(directory, OsStr::new(name))
}
