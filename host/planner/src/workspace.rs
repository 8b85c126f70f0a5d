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

use cap_std::ambient_authority;
use cap_std::fs::{Dir, MetadataExt as _};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, openat, readlinkat, statat};
use rustix::io::Errno;

use oci_image_boundary::outside::shown;
use oci_image_boundary::regular_file::NotRegular;

use super::named_paths::{Content, NamedPaths, normal};

/// How long a text may be that the planner is shown, in bytes.
pub const TEXT_LIMIT: u64 = 1 << 20;

/// How long a secret may be, in bytes: a step cannot be given a longer one.
pub const SECRET_LIMIT: u64 = 500 << 10;

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

    fn other<T>(words: &str) -> Result<T, FileError> {
        Err(FileError::Other(words.to_owned()))
    }

    #[test]
    fn symbolic_link_at_a_named_path_is_followed_wherever_it_leads() {
        for (link, target, path) in [
            ("link", "../outside", "link"),
            ("link", "labels", "./link"),
            ("app/link", "../labels", "app//link"),
            ("link", "..", "link/outside"),
            ("link", "an absolute path", "link/x"),
        ] {
            let (top, workspace) = workspace(&labels(path));
            let target = if target == "an absolute path" {
                top.path().join("deep").to_str().unwrap().to_owned()
            } else {
                target.to_owned()
            };
            fs::create_dir(top.path().join("deep")).unwrap();
            symlink("../outside", top.path().join("deep/x")).unwrap();
            symlink(target, top.path().join("work").join(link)).unwrap();

            assert!(workspace.read_text(path).is_ok(), "{path}");
            assert_eq!(workspace.entry_at(path), Ok(Entry::File), "{path}");
        }
    }

    #[test]
    fn symbolic_link_that_leads_nowhere_is_told_from_nothing() {
        for (path, target, words) in [
            (
                "link",
                "../gone",
                "`link` is a symbolic link to `../gone`, and nothing stands there",
            ),
            (
                "link/labels",
                "gone",
                "`link` is a symbolic link to `gone`, and nothing stands there",
            ),
            ("link", "link", "its symbolic links lead in a circle"),
            ("link/labels", "link", "its symbolic links lead in a circle"),
        ] {
            let (top, workspace) = workspace(&labels(path));
            symlink(target, top.path().join("work/link")).unwrap();

            assert_eq!(workspace.read_text(path), other(words), "{path}");
            assert_eq!(workspace.entry_at(path), other(words), "{path}");
        }
    }

    #[test]
    fn what_stands_in_a_named_directory_leads_not_out_of_it() {
        let object = r#"{"context": "linked", "output": "image", "cache": true, "image_args": ["BASE=base"]}"#;
        let (top, workspace) = workspace(object);
        let work = top.path().join("work");
        // The directory may be anywhere; it is named.
        symlink("app", work.join("linked")).unwrap();
        for directory in ["cache", "base"] {
            fs::create_dir(work.join(directory)).unwrap();
        }
        let asked = [
            ("app/Dockerfile", "linked/Dockerfile", "linked"),
            ("app/dockerfile", "linked/dockerfile", "linked"),
            ("cache/index.json", "cache/index.json", "cache"),
            ("base/oci-layout", "base/oci-layout", "base"),
        ];
        for (file, path, directory) in asked {
            let outside = format!("a symbolic link leads out of `{directory}`");
            for target in ["../labels", "../../outside", "/etc/passwd"] {
                symlink(target, work.join(file)).unwrap();
                assert_eq!(workspace.entry_at(path), other(&outside), "{path}");
                fs::remove_file(work.join(file)).unwrap();
            }
            fs::write(work.join(directory).join("inside"), "").unwrap();
            symlink("inside", work.join(file)).unwrap();
            assert_eq!(workspace.entry_at(path), Ok(Entry::File), "{path}");
        }
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
