//! The workspace: what the planner may ask about the machine, and the one that answers natively.
//!
//! It answers only for paths that the object names or the contract fixes, and gives the text only of the files that are meant
//! to be read: never that of a secret. A relative path is followed beneath a handle of the working directory, so a symbolic
//! link in an input leads nowhere else; a path that leaves the directory is followed only if the object wrote it so.
//!
//! Reads: files and directories that the object names. Writes: nothing.
//! Source: `planner.wit`, interface `workspace`.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, MetadataExt as _, OpenOptions, OpenOptionsExt as _};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, openat, statat};

use crate::regular_file::NotRegular;

use super::named_paths::{NamedPaths, normal};

/// How long a text may be that the planner is shown, in bytes.
pub const TEXT_LIMIT: u64 = 1 << 20;

/// How long a secret may be, in bytes: a step cannot be given a longer one.
pub const SECRET_LIMIT: u64 = 500 << 10;

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
    directory: Dir,
    named: NamedPaths,
}

impl NativeWorkspace {
    /// The workspace at `directory`, for an object's text.
    ///
    /// # Errors
    /// The system's, if the directory cannot be opened.
    pub fn open(directory: &Path, object: &str) -> io::Result<Self> {
        Ok(Self {
            directory: Dir::open_ambient_dir(directory, ambient_authority())?,
            named: NamedPaths::of(object),
        })
    }

    fn file(&self, path: &str) -> io::Result<File> {
        // Not blocking: a named pipe would keep us until somebody writes.
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
        if leaves(path) {
            return Ok(openat(&self.directory, path, flags, Mode::empty())?.into());
        }
        let mut options = OpenOptions::new();
        options
            .read(true)
            .custom_flags(OFlags::NONBLOCK.bits().cast_signed());
        let file = self.directory.open_with(normal(path), &options)?;
        Ok(file.into_std())
    }

    /// What stands at a path, and its size in bytes. What may never send a byte counts as an error, but a socket where one is meant.
    fn stat(&self, path: &str) -> io::Result<(Entry, u64)> {
        let (mode, device, size) = if leaves(path) {
            let found = statat(&self.directory, path, AtFlags::empty())?;
            (found.st_mode, found.st_rdev, found.st_size.cast_unsigned())
        } else {
            let found = self.directory.metadata(normal(path))?;
            (found.mode(), found.rdev(), found.len())
        };
        let kind = FileType::from_raw_mode(mode);
        if let Some(refusal) = NotRegular::of(mode, device)
            && !(kind.is_socket() && self.named.holds_agent(path))
        {
            return Err(refusal.into());
        }
        let entry = if kind.is_dir() {
            Entry::Directory
        } else {
            Entry::File
        };
        Ok((entry, size))
    }
}

impl Workspace for NativeWorkspace {
    fn read_text(&self, path: &str) -> Result<String, FileError> {
        if !self.named.holds_text(path) {
            return Err(FileError::Denied);
        }
        // Asked before it is opened: to open a pipe wakes its writer. And again after it, as another may stand there by then.
        self.stat(path).map_err(file_error)?;
        let file = self.file(path).map_err(file_error)?;
        let metadata = file.metadata().map_err(file_error)?;
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
            .map_err(file_error)?;
        if bytes.len() as u64 > TEXT_LIMIT {
            return Err(FileError::TooLarge(TEXT_LIMIT));
        }
        String::from_utf8(bytes).map_err(|_| FileError::NotText)
    }

    fn entry_at(&self, path: &str) -> Result<Entry, FileError> {
        if !self.named.holds_place(path) {
            return Err(FileError::Denied);
        }
        match self.stat(path) {
            Ok((Entry::File, size)) if size > SECRET_LIMIT && self.named.holds_secret(path) => {
                Err(FileError::TooLarge(SECRET_LIMIT))
            }
            Ok((entry, _)) => Ok(entry),
            Err(error) => match file_error(error) {
                FileError::NotFound => Ok(Entry::Nothing),
                other => Err(other),
            },
        }
    }
}

/// Whether a path leads out of the directory that it begins in, as it is written.
fn leaves(path: &str) -> bool {
    let mut depth = 0_usize;
    for component in Path::new(path).components() {
        match component {
            Component::Normal(_) => depth += 1,
            Component::ParentDir if depth > 0 => depth -= 1,
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return true,
            Component::CurDir => {}
        }
    }
    false
}

#[allow(clippy::needless_pass_by_value, reason = "the argument of `map_err`")]
fn file_error(error: io::Error) -> FileError {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => FileError::NotFound,
        // Not from the system: so does cap-std refuse a symbolic link that leads out of the directory.
        io::ErrorKind::PermissionDenied if error.raw_os_error().is_none() => {
            FileError::Other("a symbolic link leads out of the working directory".to_owned())
        }
        _ => FileError::Other(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    /// A working directory `work` beside a directory that is not its business.
    fn workspace(object: &str) -> (tempfile::TempDir, NativeWorkspace) {
        let top = tempfile::tempdir().unwrap();
        let work = top.path().join("work");
        fs::create_dir_all(work.join("app")).unwrap();
        fs::write(work.join("labels"), "a=b\n").unwrap();
        fs::write(top.path().join("outside"), "not yours\n").unwrap();
        let workspace = NativeWorkspace::open(&work, object).unwrap();
        (top, workspace)
    }

    fn labels(path: &str) -> String {
        format!(r#"{{"context": "app", "output": "image", "labels_file": "{path}"}}"#)
    }

    #[test]
    fn named_file_is_read_and_any_other_is_denied() {
        let (_top, workspace) = workspace(&labels("./labels"));

        assert_eq!(workspace.read_text("labels"), Ok("a=b\n".to_owned()));
        assert_eq!(workspace.read_text("app"), Err(FileError::Denied));
        assert_eq!(workspace.read_text("../outside"), Err(FileError::Denied));
        assert_eq!(workspace.read_text("/etc/passwd"), Err(FileError::Denied));
        assert_eq!(workspace.entry_at("../outside"), Err(FileError::Denied));
        assert_eq!(workspace.entry_at("app"), Ok(Entry::Directory));
        assert_eq!(workspace.entry_at("labels"), Ok(Entry::File));
        assert_eq!(workspace.entry_at("image"), Ok(Entry::Nothing));
        assert_eq!(workspace.entry_at("app/Dockerfile"), Ok(Entry::Nothing));
    }

    #[test]
    fn symbolic_link_leads_nowhere_outside() {
        for target in ["../outside", "/etc/passwd", "../../../../../../etc/passwd"] {
            let (top, workspace) = workspace(&labels("link"));
            symlink(target, top.path().join("work/link")).unwrap();

            let refused =
                FileError::Other("a symbolic link leads out of the working directory".to_owned());
            assert_eq!(
                workspace.read_text("link"),
                Err(refused.clone()),
                "{target}"
            );
            assert_eq!(workspace.entry_at("link"), Err(refused), "{target}");
        }
    }

    #[test]
    fn symbolic_link_within_is_followed() {
        let (top, workspace) = workspace(&labels("app/link"));
        symlink("../labels", top.path().join("work/app/link")).unwrap();

        assert_eq!(workspace.read_text("app/link"), Ok("a=b\n".to_owned()));
        assert_eq!(workspace.entry_at("app/link"), Ok(Entry::File));
    }

    #[test]
    fn path_outside_is_followed_when_the_object_writes_it_so() {
        let (top, beside) = workspace(&labels("../outside"));
        let absolute = top.path().join("outside").to_str().unwrap().to_owned();
        let (_other, away) = workspace(&labels(&absolute));

        assert_eq!(beside.read_text("../outside"), Ok("not yours\n".to_owned()));
        assert_eq!(beside.entry_at("../outside"), Ok(Entry::File));
        assert_eq!(away.read_text(&absolute), Ok("not yours\n".to_owned()));
        assert_eq!(away.entry_at(&absolute), Ok(Entry::File));
    }

    #[test]
    fn what_is_no_small_text_has_no_text() {
        let (top, workspace) = workspace(&labels("file"));
        let file = top.path().join("work/file");
        let mut answers = vec![workspace.read_text("file")];
        fs::write(&file, [0xff, 0xfe]).unwrap();
        answers.push(workspace.read_text("file"));
        fs::write(&file, vec![b'x'; (1 << 20) + 1]).unwrap();
        answers.push(workspace.read_text("file"));
        fs::remove_file(&file).unwrap();
        fs::create_dir(&file).unwrap();
        answers.push(workspace.read_text("file"));

        assert_eq!(
            answers,
            [
                Err(FileError::NotFound),
                Err(FileError::NotText),
                Err(FileError::TooLarge(1 << 20)),
                Err(FileError::IsDirectory),
            ]
        );
    }

    #[test]
    fn secret_larger_than_a_step_can_be_given_is_too_large() {
        let object =
            r#"{"context": "app", "output": "image", "buildkit_secrets": {"token": "token"}}"#;
        let (top, workspace) = workspace(object);
        let file = top.path().join("work/token");
        fs::write(&file, vec![b'x'; 500 << 10]).unwrap();
        let largest = workspace.entry_at("token");
        fs::write(&file, vec![b'x'; (500 << 10) + 1]).unwrap();

        assert_eq!(largest, Ok(Entry::File));
        assert_eq!(
            workspace.entry_at("./token"),
            Err(FileError::TooLarge(500 << 10))
        );
    }

    #[test]
    fn what_may_never_send_a_byte_is_told_and_does_not_keep_us() {
        let (top, workspace) = workspace(&labels("pipe"));
        let pipe = top.path().join("work/pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, Mode::RWXU).unwrap();

        let refused = FileError::Other("it is a pipe, neither a file nor a directory".to_owned());
        assert_eq!(workspace.read_text("pipe"), Err(refused.clone()));
        assert_eq!(workspace.entry_at("pipe"), Err(refused));
    }

    #[test]
    fn socket_stands_for_a_file_only_where_it_is_that_of_an_agent() {
        let object =
            r#"{"context": "app", "buildkit_ssh": "default=agent", "dockerfile": "other"}"#;
        let (top, workspace) = workspace(object);
        let sockets = ["agent", "other"].map(|name| top.path().join("work").join(name));
        let _listeners = sockets.map(|path| std::os::unix::net::UnixListener::bind(path).unwrap());

        assert_eq!(workspace.entry_at("agent"), Ok(Entry::File));
        assert_eq!(
            workspace.entry_at("other"),
            Err(FileError::Other(
                "it is a socket, neither a file nor a directory".to_owned()
            ))
        );
    }
}
