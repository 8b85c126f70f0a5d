//! Regular files, opened where a path is given and nobody knows what stands there.
//!
//! A pipe keeps whoever opens it until somebody writes, a socket or a terminal may never send a byte, a device may never end. So what
//! is not a file is told, and is not even opened. The null device is the empty file that it reads as.
//!
//! Reads: the file. Writes: nothing. Unknown here: what is in it, and who named it.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileExt as _, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, fstat, makedev, openat, statat};
use rustix::io::Errno;

/// How what is to be read is opened where nobody knows what stands: without waiting for the other end of a pipe, and not as the
/// terminal of this process.
pub const READING: OFlags = OFlags::RDONLY
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY)
    .union(OFlags::CLOEXEC);

/// What stands at a path is neither a file nor a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is {0}, neither a file nor a directory")]
pub struct NotRegular(&'static str);

impl NotRegular {
    /// The refusal of what has this mode and device number (`st_mode`, `st_rdev`); `None` for files, directories and the null device.
    pub fn of(mode: u32, device: u64) -> Option<Self> {
        match FileType::from_raw_mode(mode) {
            FileType::Fifo => Some(Self("a pipe")),
            FileType::Socket => Some(Self("a socket")),
            // Source: Linux, `Documentation/admin-guide/devices.txt`.
            FileType::CharacterDevice if device == makedev(1, 3) => None,
            FileType::CharacterDevice | FileType::BlockDevice => Some(Self("a device")),
            _ => None,
        }
    }
}

impl From<NotRegular> for io::Error {
    fn from(refusal: NotRegular) -> Self {
        Self::new(io::ErrorKind::InvalidInput, refusal)
    }
}

/// Why what stands at a path cannot be read as a file; `None` if it can, or nothing is known of it.
#[must_use]
pub fn refusal(path: &Path) -> Option<NotRegular> {
    let found = fs::metadata(path).ok()?;
    NotRegular::of(found.mode(), found.rdev())
}

/// A regular file that is held open, and the path by which a person knows it. Clones share the handle.
#[derive(Debug, Clone)]
pub struct RegularFile {
    file: Arc<File>,
    path: Arc<Path>,
}

impl RegularFile {
    /// Opens a regular file for reading; symbolic links are followed, once. Blocking, but only as long as the disk takes.
    ///
    /// # Errors
    /// [`NotRegular`] within an error of the kind `InvalidInput`; that of the kind `IsADirectory`; else the system's.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        open_at(&CWD, path, path.to_owned())
    }

    /// What was opened already, for writing too maybe, if it is one.
    ///
    /// # Errors
    /// As [`RegularFile::open`].
    pub fn of(file: File, path: impl Into<PathBuf>) -> io::Result<Self> {
        judge_file(&file)?;
        Ok(Self {
            file: Arc::new(file),
            path: path.into().into(),
        })
    }

    /// The file. Who shares it has no reading position of his own: it is read at offsets.
    #[must_use]
    pub fn file(&self) -> &Arc<File> {
        &self.file
    }

    /// The path by which a person knows it; it may lead elsewhere by now.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its first bytes, at most so many. Blocking.
    ///
    /// # Errors
    /// The system's.
    pub fn start(&self, most: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; most];
        let length = self.fill(&mut bytes)?;
        bytes.truncate(length);
        Ok(bytes)
    }

    /// Fills a buffer with its first bytes; how many there were. Blocking.
    ///
    /// # Errors
    /// The system's.
    pub fn fill(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut length = 0;
        while length < buffer.len() {
            match self.file.read_at(&mut buffer[length..], length as u64) {
                Ok(0) => break,
                Ok(more) => length += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(length)
    }
}

/// Opens a regular file for reading; symbolic links are followed. Blocking, but only as long as the disk takes.
///
/// # Errors
/// [`NotRegular`] within an error of the kind `InvalidInput`; that of the kind `IsADirectory`; else the system's.
pub fn open_at(directory: &impl AsFd, path: &Path, shown: PathBuf) -> io::Result<RegularFile> {
    // Asked before it is opened: to open a pipe wakes its writer, to open some devices does something.
    let found = statat(directory, path, AtFlags::empty())?;
    judge_kind(found.st_mode, found.st_rdev)?;
    // And asked again, because another may stand there by now; it does not keep us either.
    RegularFile::of(
        openat(directory, path, READING, Mode::empty())?.into(),
        shown,
    )
}

/// The whole of a regular file.
///
/// # Errors
/// Those of [`RegularFile::open`], and the system's.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let file = RegularFile::open(path)?;
    let length = file.file().metadata().map_or(0, |file| file.len()) as usize;
    let mut bytes = Vec::with_capacity(length);
    (&**file.file()).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Whether what is open can be read as a file.
pub fn judge_file(file: &impl AsFd) -> io::Result<()> {
    let found = fstat(file)?;
    judge_kind(found.st_mode, found.st_rdev)
}

/// Whether what has this mode and device number can be read as a file.
pub fn judge_kind(mode: u32, device: u64) -> io::Result<()> {
    if FileType::from_raw_mode(mode) == FileType::Directory {
        return Err(Errno::ISDIR.into());
    }
    NotRegular::of(mode, device).map_or(Ok(()), |refusal| Err(refusal.into()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use rustix::fs::mkfifoat;

    use super::*;

    fn refused(path: &Path) -> String {
        RegularFile::open(path).unwrap_err().to_string()
    }

    #[test]
    fn what_may_never_send_a_byte_is_told_and_not_waited_for() {
        let directory = tempfile::tempdir().unwrap();
        let (pipe, socket) = (
            directory.path().join("pipe"),
            directory.path().join("socket"),
        );
        mkfifoat(CWD, &pipe, Mode::RUSR | Mode::WUSR).unwrap();
        let _listener = UnixListener::bind(&socket).unwrap();

        assert_eq!(
            refused(&pipe),
            "it is a pipe, neither a file nor a directory"
        );
        assert_eq!(
            refused(&socket),
            "it is a socket, neither a file nor a directory"
        );
        assert_eq!(
            refused("/dev/zero".as_ref()),
            "it is a device, neither a file nor a directory"
        );
        assert_eq!(
            RegularFile::open(directory.path()).unwrap_err().kind(),
            io::ErrorKind::IsADirectory
        );
    }

    #[test]
    fn file_is_read_through_links_and_the_null_device_is_empty() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("file"), "text").unwrap();
        let link = directory.path().join("link");
        std::os::unix::fs::symlink("file", &link).unwrap();

        let start = |path: &Path| RegularFile::open(path).unwrap().start(3).unwrap();
        assert_eq!(start(&link), b"tex");
        assert_eq!(start("/dev/null".as_ref()), b"");
    }
}
