//! Restoring: an archive into a cache that holds nothing, all of it or nothing.
//!
//! The archive grows in a directory of the cache, beside which there is nothing; when all of it was read and the other side has said that
//! it is whole, what is in there gets its place. Where that directory stands, somebody was interrupted: nothing but an archive came
//! there since the cache was empty, and it is emptied again.
//!
//! Reads: the socket. Writes: the cache. Unknown here: who keeps the archive.

use std::fs;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;

use oci_image_boundary::handle::Directory;
use oci_image_tree::{PRIVATE, RootfsError};
use rustix::fs::{
    Gid, IFlags, Mode, Timespec, Timestamps, Uid, XattrFlags, ioctl_getflags, ioctl_setflags,
};
use zstd::stream::read::Decoder;

use crate::entry::Entry;
use crate::frame::{FrameError, FrameReader};
use crate::identity::Identity;
use crate::message::{Amount, Order, Report};
use crate::walk::PARTIAL;

/// How far an archive may make its reader look back: 8 MiB, of which ours need a sixteenth.
const WINDOW_LOG: u32 = 23;

/// Why a cache cannot be restored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RestoreError {
    #[error("cannot read or write the cache")]
    Cache(#[from] io::Error),
    #[error("cannot unpack the archive")]
    Archive(#[from] RootfsError),
    #[error("the conversation was broken off")]
    Conversation(#[from] FrameError),
}

pub(crate) fn restore(directory: &Path, mut stream: &UnixStream) -> Result<(), RestoreError> {
    let partial = directory.join(PARTIAL);
    if fs::symlink_metadata(&partial).is_ok() {
        empty(directory)?;
    }
    if fs::read_dir(directory)?.next().is_some() {
        return Ok(Report::Occupied(Identity::of(directory)?).write(&mut stream)?);
    }
    Report::Empty(Identity::of(directory)?).write(&mut stream)?;
    let Order::Restore { limit } = Order::read(&mut stream)? else {
        return Ok(());
    };
    rustix::fs::mkdir(&partial, PRIVATE).map_err(io::Error::from)?;
    let filled = unpack(&partial, stream, limit).and_then(|amount| {
        settle(&partial, directory)?;
        Ok(Report::Restored(amount, Identity::of(directory)?))
    });
    match filled {
        Ok(restored) => Ok(restored.write(&mut stream)?),
        Err(error) => {
            empty(directory)?;
            Err(error)
        }
    }
}

/// Unpacks the archive, to the end that the other side says.
fn unpack(partial: &Path, stream: &UnixStream, limit: u64) -> Result<Amount, RestoreError> {
    let mut decoder = Decoder::new(FrameReader::new(stream))?;
    decoder.window_log_max(WINDOW_LOG)?;
    let archive = Limited {
        stream: decoder,
        left: limit,
    };
    let root: OwnedFd = Directory::open(partial)?.reopened()?;
    spread(&root);
    let summary = oci_image_tree::unpack(archive, root, partial)?;
    Ok(Amount {
        entries: summary.entries,
        bytes: summary.bytes,
    })
}

/// Lets the directories that are made in this one begin anywhere on the disk, where its file system is one that asks.
///
/// ext4 puts what a directory holds close to it, and there, if it has no journal, passes over every inode that was freed in the last minutes,
/// one by one, for each file that is made. Where the root of another build has just been removed, 20,000 files took 15 s for 0.6 s. What is
/// below the top of a hierarchy is spread over the whole disk. Only time depends on it.
/// Source: Linux, `fs/ext4/ialloc.c` (`find_group_orlov`, `find_inode_bit`); chattr(1), `T`.
fn spread(directory: &OwnedFd) {
    let flags = ioctl_getflags(directory);
    let _ = flags.and_then(|flags| ioctl_setflags(directory, flags | IFlags::TOPDIR));
}

/// Gives all that was unpacked its place, and the cache's root what the archive says of it.
fn settle(partial: &Path, directory: &Path) -> io::Result<()> {
    // What leaves it changes its time.
    let root = fs::symlink_metadata(partial)?;
    let root = Entry::at(partial, &root, None)?;
    for entry in fs::read_dir(partial)? {
        let entry = entry?;
        fs::rename(entry.path(), directory.join(entry.file_name()))?;
    }
    fs::remove_dir(partial)?;
    match root {
        Some(root) => give(directory, &root),
        None => Ok(()),
    }
}

/// Gives a directory the attributes of another.
fn give(directory: &Path, attributes: &Entry) -> io::Result<()> {
    let target = Directory::open(directory)?.reopened()?;
    let (uid, gid) = (Uid::from_raw(attributes.uid), Gid::from_raw(attributes.gid));
    rustix::fs::fchown(&target, Some(uid), Some(gid))?;
    rustix::fs::fchmod(&target, Mode::from_raw_mode(attributes.mode))?;
    for (name, value) in &attributes.xattrs {
        rustix::fs::fsetxattr(&target, name.as_slice(), value, XattrFlags::empty())?;
    }
    let time = Timespec {
        tv_sec: attributes.seconds,
        tv_nsec: attributes.nanoseconds.into(),
    };
    let times = Timestamps {
        last_access: time,
        last_modification: time,
    };
    Ok(rustix::fs::futimens(&target, &times)?)
}

/// Removes all that a directory holds.
fn empty(directory: &Path) -> io::Result<()> {
    let handle = Directory::open(directory)?;
    // Last: while it stands, whoever is interrupted here is followed by another that does this.
    let mut names = handle.names()?;
    names.sort_by_key(|name| name == PARTIAL);
    for name in names {
        oci_image_boundary::handle::remove(&handle, name)?;
    }
    Ok(())
}

/// A stream of which no more than so many bytes are read.
struct Limited<R> {
    stream: R,
    left: u64,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.stream.read(buffer)?;
        let left = self.left.checked_sub(read as u64);
        self.left = left.ok_or_else(|| io::Error::other("it is larger than what was saved"))?;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use rustix::fs::fstatfs;

    use super::*;

    /// What statfs(2) calls ext4.
    const EXT4: u64 = 0xef53;

    #[test]
    fn directories_of_ext4_begin_anywhere_on_the_disk() {
        let directory = tempfile::tempdir().unwrap();
        let directory: OwnedFd = fs::File::open(directory.path()).unwrap().into();

        spread(&directory);

        let is_ext4 = fstatfs(&directory).unwrap().f_type.cast_unsigned() == EXT4;
        let is_spread =
            ioctl_getflags(&directory).is_ok_and(|flags| flags.contains(IFlags::TOPDIR));
        assert!(is_spread || !is_ext4);
    }
}
