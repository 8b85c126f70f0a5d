//! Regular files, opened where a path is given and nobody knows what stands there.
//!
//! A pipe keeps whoever opens it until somebody writes, a socket or a terminal may never send a byte, a device may never end. So what
//! is not a file is told, and is not even opened. The null device is the empty file that it reads as.
//!
//! Reads: the file. Writes: nothing. Unknown here: what is in it, and who named it.

use std::fs::{self, File, Metadata};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{FileType, Mode, OFlags, makedev};
use rustix::io::Errno;

/// What stands at a path is neither a file nor a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is {0}, neither a file nor a directory")]
pub struct NotRegular(&'static str);

impl NotRegular {
    /// The refusal of what has this mode and device number (`st_mode`, `st_rdev`); `None` for files, directories and the null device.
    pub(crate) fn of(mode: u32, device: u64) -> Option<Self> {
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

/// Opens a regular file for reading; symbolic links are followed. Blocking, but only as long as the disk takes.
///
/// # Errors
/// [`NotRegular`] within an error of the kind `InvalidInput`; that of the kind `IsADirectory`; else the system's.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    // Asked before it is opened: to open a pipe wakes its writer, to open some devices does something.
    judge(&fs::metadata(path)?)?;
    // And asked again, because another may stand there by now; it does not keep us either.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    judge(&file.metadata()?)?;
    Ok(file)
}

/// The whole of a regular file.
///
/// # Errors
/// Those of [`open`], and the system's.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = open(path)?;
    let mut bytes = Vec::with_capacity(file.metadata().map_or(0, |file| file.len()) as usize);
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn judge(found: &Metadata) -> io::Result<()> {
    if found.is_dir() {
        return Err(Errno::ISDIR.into());
    }
    NotRegular::of(found.mode(), found.rdev()).map_or(Ok(()), |refusal| Err(refusal.into()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use rustix::fs::{CWD, mkfifoat};

    use super::*;

    fn refused(path: &Path) -> String {
        open(path).unwrap_err().to_string()
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
            open(directory.path()).unwrap_err().kind(),
            io::ErrorKind::IsADirectory
        );
    }

    #[test]
    fn file_is_read_through_links_and_the_null_device_is_empty() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("file"), "text").unwrap();
        let link = directory.path().join("link");
        std::os::unix::fs::symlink("file", &link).unwrap();

        assert_eq!(read(&link).unwrap(), b"text");
        assert_eq!(read("/dev/null".as_ref()).unwrap(), b"");
    }
}
