//! Transfer: a blob into a file, by the kernel where it can: without a copy where the file system shares blocks, else without a
//! detour through this process.
//!
//! Reads: files of blobs. Writes: the file.
//! Source: copy_file_range(2), ioctl_ficlone(2).

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;

use oci_image_boundary::cancel::Cancel;
use rustix::fs::{copy_file_range, ioctl_ficlone};

use crate::blob::{Blob, Reader};
use crate::meter::Stretch;

/// How much the kernel is asked to copy at once, in bytes: as much as may be late for a stop.
const PIECE: u64 = 32 << 20;

/// How a blob is written: how far that is, and whether it is still wanted.
#[derive(Clone, Copy)]
pub(super) struct Course<'course> {
    pub(super) stretch: &'course Stretch,
    pub(super) cancel: &'course Cancel,
}

/// Writes a blob into a file, from an offset on. Blocking.
///
/// # Errors
/// Those of either file; that it was called off.
pub(super) fn copy(blob: &Blob, to: &File, at: u64, course: Course<'_>) -> io::Result<()> {
    let reader = blob.open()?;
    let done = by_kernel(&reader, blob.size(), to, at, course)?;
    if done == blob.size() {
        return Ok(());
    }
    // Two file systems of different kinds, or one that the kernel cannot do this on: from the beginning.
    let mut to = At {
        file: to,
        offset: at,
    };
    let mut to = course.stretch.metered(&mut to);
    reader.write_to(&mut to, blob.size(), course.cancel)
}

/// Makes a file, which is empty, the blob. Blocking.
///
/// # Errors
/// As of [`copy`].
pub(super) fn fill(blob: &Blob, to: &File, course: Course<'_>) -> io::Result<()> {
    let reader = blob.open()?;
    let whole = reader.place().filter(|(_, start)| *start == 0);
    let is_shared = match whole {
        Some((file, _)) => file.metadata()?.len() == blob.size() && ioctl_ficlone(to, file).is_ok(),
        None => false,
    };
    if is_shared {
        course.stretch.advance(blob.size());
        return Ok(());
    }
    copy(blob, to, 0, course)
}

/// How much of a blob the kernel has copied.
fn by_kernel(
    reader: &Reader,
    size: u64,
    to: &File,
    at: u64,
    course: Course<'_>,
) -> io::Result<u64> {
    let Some((from, start)) = reader.place() else {
        return Ok(0);
    };
    let mut done = 0;
    while done < size {
        course.cancel.check()?;
        let (mut source, mut sink) = (start + done, at + done);
        let piece = (size - done).min(PIECE) as usize;
        match copy_file_range(from, Some(&mut source), to, Some(&mut sink), piece) {
            Ok(0) | Err(_) => break,
            Ok(copied) => {
                done += copied as u64;
                course.stretch.advance(copied as u64);
            }
        }
    }
    Ok(done)
}

/// A file that is written from an offset on.
struct At<'file> {
    file: &'file File,
    offset: u64,
}

impl Write for At<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write_at(bytes, self.offset)?;
        self.offset += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
