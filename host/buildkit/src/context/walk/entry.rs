//! An entry: what the daemon is told of one name in a directory.
//!
//! The mode is Go's `FileMode`, because the wire is; a socket loses its kind and becomes an empty file. Owners are not
//! kept: a context belongs to root.
//!
//! Reads: metadata, link targets and extended attributes. Writes: nothing. Unknown here: the entry's directory.
//! Source: fsutil at 6d9dc2ebad62 (`stat.go`, `stat_unix.go`).

use std::ffi::OsStr;
use std::io;
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::buffer::spare_capacity;
use rustix::fs::{AtFlags, FileType, Stat, fstat, lgetxattr, llistxattr, readlinkat, statat};
use rustix::io::Errno;

use crate::context::walk::error::ATTRIBUTES_LIMIT;
use crate::context::walk::modified::modified;
use crate::context::walk::root::{Root, is_gone, path_in};

/// One name and its metadata.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The name in its directory.
    pub(crate) name: Box<[u8]>,
    /// What it is.
    pub(crate) kind: Kind,
    /// Go's `FileMode`.
    pub(crate) mode: u32,
    /// Size in bytes; 0 for a directory.
    pub(crate) size: u64,
    /// Modification time in nanoseconds since 1970, as it is sent.
    pub(crate) modified: i64,
    /// Major and minor number of a device.
    pub(crate) device: (u32, u32),
    /// Which inode it is, and since when as it is: never sent.
    pub(crate) inode: Inode,
    /// Extended attributes, as the system lists them.
    pub(crate) attributes: Vec<(Vec<u8>, Vec<u8>)>,
    /// Where a symlink points to.
    pub(super) target: Option<Box<[u8]>>,
    /// Device and inode of a file that has several names.
    pub(super) shared: Option<(u64, u64)>,
}

/// What no program can set back to what it was: how a change is told that left size and times alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Inode {
    /// The device that it is on.
    pub(crate) device: u64,
    /// Its number there.
    pub(crate) number: u64,
    /// When it was last changed, in seconds since 1970 and nanoseconds.
    pub(crate) changed: (i64, u64),
    /// User and group.
    pub(crate) owner: (u32, u32),
}

/// An open directory whose entries are examined.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    /// The directory, by which everything is read.
    pub(super) directory: BorrowedFd<'a>,
    /// Its path, which may lead elsewhere by now.
    pub(super) path: &'a Path,
}

/// What an entry is to the sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Has entries of its own.
    Directory,
    /// Has contents, which the daemon may ask for.
    File,
    /// Goes for a file without contents, and must not be opened.
    Socket,
    /// Symlink, fifo or device: its metadata are all of it.
    Other,
}

/// What an entry refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link<'a> {
    /// Nothing but itself.
    None,
    /// The text of a symlink.
    Symbolic(&'a [u8]),
    /// The first path of the same file.
    Hard(&'a [u8]),
}

impl Entry {
    /// Examines a name in an open directory; `None` if it is gone.
    ///
    /// # Errors
    /// Whatever the system answers.
    pub(super) fn examine(place: Place<'_>, name: &[u8]) -> io::Result<Option<Self>> {
        let mut read = Self::read(place, name);
        // A link that has become something else since it was looked at has no text: it is looked at again.
        if let Err(error) = &read
            && Errno::from_io_error(error) == Some(Errno::INVAL)
        {
            read = Self::read(place, name);
        }
        match read {
            Ok(entry) => Ok(Some(entry)),
            // Gone only if it still is: without `/proc` the attributes of every file seem missing.
            Err(error) if is_gone(&error) && !exists(place.directory, name) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether it is a file of several names, all of which need not be in the tree.
    pub(crate) fn is_shared(&self) -> bool {
        self.shared.is_some()
    }

    /// What it takes to hold it, in bytes.
    pub(super) fn weight(&self) -> usize {
        let attributes = self.attributes.iter();
        let attributes = attributes.map(|(name, value)| name.len() + value.len());
        size_of::<Self>() + self.name.len() + attributes.sum::<usize>()
    }

    fn read(place: Place<'_>, name: &[u8]) -> io::Result<Self> {
        let directory = place.directory;
        let stat = statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)?;
        let file_type = FileType::from_raw_mode(stat.st_mode);
        let is_directory = file_type == FileType::Directory;
        let target = match file_type {
            FileType::Symlink => Some(readlinkat(directory, name, Vec::new())?.into_bytes().into()),
            _ => None,
        };
        let is_shared = stat.st_nlink > 1 && !is_directory && target.is_none();
        Ok(Self {
            name: name.into(),
            kind: kind(file_type),
            mode: go_mode(stat.st_mode),
            size: if is_directory {
                0
            } else {
                stat.st_size.cast_unsigned()
            },
            modified: modified(&stat),
            device: device(file_type, &stat),
            inode: Inode::of(&stat),
            attributes: attributes(place, name)?,
            target,
            shared: is_shared.then_some((stat.st_dev, stat.st_ino)),
        })
    }
}

impl Inode {
    /// That of a root.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn of_root(root: &Root) -> io::Result<Self> {
        Ok(Self::of(&fstat(root.directory())?))
    }

    pub(crate) fn of(stat: &Stat) -> Self {
        Self {
            device: stat.st_dev,
            number: stat.st_ino,
            changed: (stat.st_ctime, stat.st_ctime_nsec),
            owner: (stat.st_uid, stat.st_gid),
        }
    }
}

fn exists(directory: BorrowedFd<'_>, name: &[u8]) -> bool {
    statat(directory, name, AtFlags::SYMLINK_NOFOLLOW).is_ok()
}

fn kind(file_type: FileType) -> Kind {
    match file_type {
        FileType::Directory => Kind::Directory,
        FileType::RegularFile => Kind::File,
        FileType::Socket => Kind::Socket,
        _ => Kind::Other,
    }
}

/// Go's `FileMode` of a mode of the system; the bit of a socket is left out.
fn go_mode(mode: u32) -> u32 {
    let kind = match FileType::from_raw_mode(mode) {
        FileType::Directory => 1 << 31,
        FileType::Symlink => 1 << 27,
        FileType::BlockDevice => 1 << 26,
        FileType::CharacterDevice => (1 << 26) | (1 << 21),
        FileType::Fifo => 1 << 25,
        _ => 0,
    };
    let special = [(0o4000, 1 << 23), (0o2000, 1 << 22), (0o1000, 1 << 20)]
        .into_iter()
        .filter(|(bit, _)| mode & bit != 0)
        .fold(0, |bits, (_, bit)| bits | bit);
    kind | special | (mode & 0o777)
}

fn device(file_type: FileType, stat: &Stat) -> (u32, u32) {
    match file_type {
        FileType::BlockDevice | FileType::CharacterDevice => (
            rustix::fs::major(stat.st_rdev),
            rustix::fs::minor(stat.st_rdev),
        ),
        _ => (0, 0),
    }
}

/// Reads the extended attributes of an entry, which is not followed.
fn attributes(place: Place<'_>, name: &[u8]) -> io::Result<Vec<(Vec<u8>, Vec<u8>)>> {
    let mut short = [0; 256];
    // No call lists those of an entry of an open directory, and the way through `/proc` costs more than all else that
    // is done for the entry. The plain path may only tell that there are none, which is so for nearly all entries.
    let plain = place.path.join(OsStr::from_bytes(name));
    if let Ok(0) | Err(Errno::NOTSUP) = llistxattr(&plain, &mut short) {
        return Ok(Vec::new());
    }
    let path = &*path_in(place.directory, name)?;
    let names = match llistxattr(path, &mut short) {
        Ok(length) => short[..length].to_vec(),
        Err(Errno::RANGE) => whole(|buffer| llistxattr(path, spare_capacity(buffer)))?,
        Err(Errno::NOTSUP) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let names = names
        .split(|byte| *byte == 0)
        .filter(|name| !name.is_empty());
    let mut attributes = Vec::new();
    let mut length = 0;
    for name in names.filter(|name| !name.starts_with(b"com.apple.")) {
        // One that cannot be read, for example `trusted.*` without privilege, is left out as in the source.
        let Ok(value) = whole(|buffer| lgetxattr(path, name, spare_capacity(buffer))) else {
            continue;
        };
        length += name.len() + value.len();
        if length > ATTRIBUTES_LIMIT {
            return Err(Errno::TOOBIG.into());
        }
        attributes.push((name.to_vec(), value));
    }
    Ok(attributes)
}

/// Calls `read` with a buffer that holds whatever the kernel may answer.
fn whole(mut read: impl FnMut(&mut Vec<u8>) -> rustix::io::Result<usize>) -> io::Result<Vec<u8>> {
    // The kernel's limit, for a list of names as for a value.
    let mut buffer = Vec::with_capacity(64 << 10);
    read(&mut buffer)?;
    buffer.shrink_to_fit();
    Ok(buffer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_becomes_gos_mode() {
        for (mode, expected) in [
            (0o100_644, 0o644),
            (0o104_755, (1 << 23) | 0o755),
            (0o102_755, (1 << 22) | 0o755),
            (0o041_777, (1 << 31) | (1 << 20) | 0o777),
            (0o120_777, (1 << 27) | 0o777),
            (0o060_660, (1 << 26) | 0o660),
            (0o020_666, (1 << 26) | (1 << 21) | 0o666),
            (0o010_600, (1 << 25) | 0o600),
            (0o140_755, 0o755),
        ] {
            assert_eq!(go_mode(mode), expected, "{mode:o}");
        }
    }
}
