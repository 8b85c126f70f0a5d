//! The workspace: what the planner may ask about the machine, and the one that answers natively.
//!
//! It answers only for paths that the object names or the contract fixes, and gives the text only of the files that are meant
//! to be read: never that of a secret. Whoever writes the object may name any path, so a path that is named is followed as the
//! system follows it, wherever its symbolic links lead. What stands in a directory that is named is not its word: of that nothing
//! leads out of the directory.
//!
//! Reads: files and directories that the object names. Writes: nothing.
//! Source: `planner.wit`, interface `workspace`.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use cap_std::fs::{Dir, MetadataExt as _};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, openat, readlinkat, statat};
use rustix::io::Errno;

use oci_image_boundary::handle::{Directory, WorkingDirectory};
use oci_image_boundary::outside::shown;
use oci_image_boundary::regular_file::NotRegular;

use super::content::Content;
use super::named_paths::NamedPaths;
use super::path::normal;
use oci_image_forms::inline_secrets::MaskedObject;
pub use oci_image_forms::inline_secrets::SECRET_LIMIT;

/// How long a text may be that the planner is shown, in bytes.
pub const TEXT_LIMIT: u64 = 1 << 20;

/// What is said of links that the system gives up on.
const CIRCLE: &str = "its symbolic links lead in a circle";

/// Why a path has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileError {
    /// Nothing stands there.
    NotFound,
    /// The file is not UTF-8.
    NotText,
    /// A directory stands there.
    IsDirectory,
    /// The file is larger than the limit given, in bytes.
    TooLarge(u64),
    /// The host does not answer for this path.
    Denied,
    /// Anything else, in the words of the system.
    Other(String),
}

/// What stands at a path, symbolic links followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// Nothing.
    Nothing,
    /// A file, or anything that is not a directory.
    File,
    /// A directory.
    Directory,
}

/// What the planner may ask while it plans.
pub trait Workspace: Send {
    /// The text of a small file.
    ///
    /// # Errors
    /// [`FileError`], which the planner turns into a diagnostic.
    fn read_text(&self, path: &str) -> Result<String, FileError>;

    /// What stands at a path.
    ///
    /// # Errors
    /// [`FileError::Denied`] for a path that the object does not name, [`FileError::TooLarge`] for a secret that holds more
    /// than a step can be given, [`FileError::Other`] if the system refuses.
    fn entry_at(&self, path: &str) -> Result<Entry, FileError>;
}

/// Answers for nothing: validation and description look at no file.
pub(super) struct NoWorkspace;

impl Workspace for NoWorkspace {
    fn read_text(&self, _path: &str) -> Result<String, FileError> {
        Err(FileError::Denied)
    }

    fn entry_at(&self, _path: &str) -> Result<Entry, FileError> {
        Err(FileError::Denied)
    }
}

/// The workspace at a directory of this machine.
pub struct NativeWorkspace {
    directory: Directory,
    named: NamedPaths,
}

impl NativeWorkspace {
    /// The workspace at `directory`, for an object.
    #[must_use]
    pub fn new(directory: &WorkingDirectory, object: &MaskedObject) -> Self {
        Self {
            directory: directory.handle().clone(),
            named: NamedPaths::of(object),
        }
    }

    fn file(&self, path: &str) -> Result<File, FileError> {
        // Not blocking: a named pipe would keep us until somebody writes.
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let path = normal(path);
        let opened = openat(&self.directory, &path, flags, Mode::empty());
        opened
            .map(File::from)
            .map_err(|errno| self.failure(&path, errno))
    }

    /// What stands at a path that is named, and its size in bytes.
    fn stat(&self, path: &str) -> Result<(Entry, u64), FileError> {
        let found = statat(&self.directory, normal(path), AtFlags::empty())
            .map_err(|errno| self.failure(&normal(path), errno))?;
        let is_socket = FileType::from_raw_mode(found.st_mode).is_socket();
        let entry = if is_socket && self.named.holds_agent(path) {
            Entry::File
        } else {
            entry(found.st_mode, found.st_rdev)?
        };
        Ok((entry, found.st_size.cast_unsigned()))
    }

    /// What stands in a directory that is named.
    fn stat_within(&self, content: &Content) -> Result<(Entry, u64), FileError> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = openat(&self.directory, &content.directory, flags, Mode::empty())
            .map_err(|errno| self.failure(&content.directory, errno))?;
        let found = Dir::from_std_file(directory.into())
            .metadata(&content.path)
            .map_err(|error| outside(error, &content.directory))?;
        Ok((entry(found.mode(), found.rdev())?, found.len()))
    }

    /// Why nothing can be said of a path that is named. A link that leads nowhere is told from a name that nothing has.
    fn failure(&self, path: &Path, errno: Errno) -> FileError {
        match errno {
            Errno::LOOP => FileError::Other(CIRCLE.to_owned()),
            Errno::NOENT => self.dangling(path).unwrap_or(FileError::NotFound),
            errno => file_error(&errno.into()),
        }
    }

    /// The first component of a path that is a link to nothing.
    fn dangling(&self, path: &Path) -> Option<FileError> {
        let mut above: Vec<&Path> = path.ancestors().collect();
        above.retain(|path| !path.as_os_str().is_empty());
        for link in above.into_iter().rev() {
            let Ok(target) = readlinkat(&self.directory, link, Vec::new()) else {
                continue;
            };
            let found = statat(&self.directory, link, AtFlags::empty());
            if found.is_err_and(|errno| errno == Errno::NOENT) {
                let target = OsStr::from_bytes(target.as_bytes());
                return Some(FileError::Other(format!(
                    "`{}` is a symbolic link to `{}`, and nothing stands there",
                    shown(link),
                    shown(target)
                )));
            }
        }
        None
    }
}

/// A file or a directory. What may never send a byte is neither.
fn entry(mode: u32, device: u64) -> Result<Entry, FileError> {
    match NotRegular::of(mode, device) {
        Some(refusal) => Err(FileError::Other(refusal.to_string())),
        None if FileType::from_raw_mode(mode).is_dir() => Ok(Entry::Directory),
        None => Ok(Entry::File),
    }
}

impl Workspace for NativeWorkspace {
    fn read_text(&self, path: &str) -> Result<String, FileError> {
        if !self.named.holds_text(path) {
            return Err(FileError::Denied);
        }
        // Asked before it is opened: to open a pipe wakes its writer. And again after it, as another may stand there by then.
        self.stat(path)?;
        let file = self.file(path)?;
        let metadata = file.metadata().map_err(|error| file_error(&error))?;
        if metadata.is_dir() {
            return Err(FileError::IsDirectory);
        }
        let (mode, device) = (metadata.mode(), metadata.rdev());
        if let Some(refusal) = NotRegular::of(mode, device) {
            return Err(FileError::Other(refusal.to_string()));
        }
        let mut bytes = Vec::new();
        file.take(TEXT_LIMIT + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| file_error(&error))?;
        if bytes.len() as u64 > TEXT_LIMIT {
            return Err(FileError::TooLarge(TEXT_LIMIT));
        }
        String::from_utf8(bytes).map_err(|_| FileError::NotText)
    }

    fn entry_at(&self, path: &str) -> Result<Entry, FileError> {
        if !self.named.holds_place(path) {
            return Err(FileError::Denied);
        }
        let found = match self.named.content(path) {
            Some(content) => self.stat_within(content),
            None => self.stat(path),
        };
        match found {
            Ok((Entry::File, size)) if size > SECRET_LIMIT && self.named.holds_secret(path) => {
                Err(FileError::TooLarge(SECRET_LIMIT))
            }
            Ok((entry, _)) => Ok(entry),
            Err(FileError::NotFound) => Ok(Entry::Nothing),
            Err(error) => Err(error),
        }
    }
}

fn file_error(error: &io::Error) -> FileError {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => FileError::NotFound,
        _ => FileError::Other(error.to_string()),
    }
}

/// Why nothing can be said of what stands in a directory.
#[allow(clippy::needless_pass_by_value, reason = "the argument of `map_err`")]
fn outside(error: io::Error, directory: &Path) -> FileError {
    // Not from the system: so does cap-std refuse a symbolic link that leads out of the directory.
    let leaves = error.kind() == io::ErrorKind::PermissionDenied && error.raw_os_error().is_none();
    if leaves {
        let directory = shown(directory);
        FileError::Other(format!("a symbolic link leads out of `{directory}`"))
    } else if Errno::from_io_error(&error) == Some(Errno::LOOP) {
        FileError::Other(CIRCLE.to_owned())
    } else {
        file_error(&error)
    }
}

#[cfg(test)]
mod tests;
