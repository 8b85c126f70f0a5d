//! A directory that is held open.
//!
//! It may be renamed, replaced or removed meanwhile: what was opened is what is meant.
//!
//! Reads: what is asked for. Writes: nothing. Unknown here: what the directory is for.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cap_std::fs::{Dir, MetadataExt as _, OpenOptions, OpenOptionsExt as _};
use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, mkdirat, openat, openat2, readlinkat};
use rustix::io::Errno;

use crate::regular_file::{self, READING, RegularFile};

/// How a directory is held: by itself, whether or not its names may be read.
const HELD: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// The mode of a new directory, less the umask.
const NEW: Mode = Mode::RWXU.union(Mode::RWXG).union(Mode::RWXO);

/// A directory that is held open, and the path by which a person knows it. Clones share the handle.
#[derive(Debug, Clone)]
pub struct Directory {
    handle: Arc<Dir>,
    path: Arc<Path>,
}

impl Directory {
    /// Opens a directory; its path is followed wherever it leads, once.
    ///
    /// ```
    /// use oci_image_boundary::handle::Directory;
    ///
    /// let top = tempfile::tempdir()?;
    /// std::fs::create_dir(top.path().join("context"))?;
    /// let context = Directory::open(top.path().join("context"))?;
    /// std::fs::rename(top.path().join("context"), top.path().join("elsewhere"))?;
    ///
    /// assert!(context.beneath().read_dir(".").is_ok());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    /// The system's.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        let opened = openat(CWD, path, HELD, Mode::empty())?;
        Ok(Self::new(opened, path.to_owned()))
    }

    /// Opens what a path leads to that is seen from this directory, wherever that is: somebody names it, and answers for it.
    ///
    /// # Errors
    /// The system's.
    pub fn directory(&self, path: impl AsRef<Path>) -> io::Result<Self> {
        let opened = openat(self, path.as_ref(), HELD, Mode::empty())?;
        Ok(Self::new(opened, self.full_path(path)))
    }

    /// The same of a regular file.
    ///
    /// # Errors
    /// [`regular_file::NotRegular`] within an error of the kind `InvalidInput`; that of the kind `IsADirectory`; else the system's.
    pub fn file(&self, path: impl AsRef<Path>) -> io::Result<RegularFile> {
        regular_file::open_at(self, path.as_ref(), self.full_path(&path))
    }

    /// The same of a directory that may have to be made, with those above it.
    ///
    /// # Errors
    /// The system's.
    pub fn made(&self, path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        match self.directory(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if let Some(parent) = path
                    .parent()
                    .filter(|parent| !parent.as_os_str().is_empty())
                {
                    self.made(parent)?;
                }
                match mkdirat(self, path, NEW) {
                    Ok(()) | Err(Errno::EXIST) => self.directory(path),
                    Err(error) => Err(error.into()),
                }
            }
            opened => opened,
        }
    }

    /// What stands in it: no path leads out of it from here, whatever links say.
    #[must_use]
    pub fn beneath(&self) -> &Dir {
        &self.handle
    }

    /// A regular file inside of it.
    ///
    /// # Errors
    /// As those of [`Directory::file`]; `PermissionDenied` where a symbolic link leads out.
    pub fn file_beneath(&self, path: impl AsRef<Path>) -> io::Result<File> {
        let path = path.as_ref();
        // Asked before it is opened, and after it: as in `regular_file`.
        let found = self.handle.metadata(path)?;
        regular_file::judge_kind(found.mode(), found.rdev())?;
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        let mut options = OpenOptions::new();
        options.read(true).custom_flags(flags.bits().cast_signed());
        let file = self.handle.open_with(path, &options)?;
        regular_file::judge_file(&file)?;
        Ok(file.into_std())
    }

    /// The text of a regular file inside of it, with links as a process would follow them whose root it is; at most so many bytes.
    ///
    /// # Errors
    /// The system's. Without `openat2` (before Linux 5.6) no link is followed.
    pub fn text_as_root(&self, path: impl AsRef<Path>, most: u64) -> io::Result<Vec<u8>> {
        let path = path.as_ref();
        let file = match openat2(self, path, READING, Mode::empty(), ResolveFlags::IN_ROOT) {
            Ok(file) => File::from(file),
            Err(Errno::NOSYS | Errno::PERM) => self.file_beneath(path)?,
            Err(error) => return Err(error.into()),
        };
        regular_file::judge_file(&file)?;
        let mut text = Vec::new();
        file.take(most).read_to_end(&mut text)?;
        Ok(text)
    }

    /// The directory itself, opened once more: locks and reading positions are each opening's own.
    ///
    /// # Errors
    /// The system's.
    pub fn reopened(&self) -> io::Result<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(openat(self, ".", flags, Mode::empty())?)
    }

    /// Opens a directory inside of it, through none of its links.
    ///
    /// # Errors
    /// The system's; `NotADirectory` where a link stands on the way.
    pub fn own_directory(&self, path: impl AsRef<Path>) -> io::Result<Self> {
        let mut found = self.clone();
        for name in path.as_ref() {
            let opened = openat(&found, name, HELD | OFlags::NOFOLLOW, Mode::empty())?;
            found = Self::new(opened, found.full_path(name));
        }
        Ok(found)
    }

    /// The same of one that may have to be made, with those above it.
    ///
    /// # Errors
    /// The system's; `NotADirectory` where a link stands on the way.
    pub fn made_own_directory(&self, path: impl AsRef<Path>) -> io::Result<Self> {
        let mut found = self.clone();
        for name in path.as_ref() {
            match mkdirat(&found, name, NEW) {
                Ok(()) | Err(Errno::EXIST) => found = found.own_directory(name)?,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(found)
    }

    /// The names in it, in no order.
    ///
    /// # Errors
    /// The system's.
    pub fn names(&self) -> io::Result<Vec<OsString>> {
        let entries = self.handle.entries()?;
        entries.map(|entry| Ok(entry?.file_name())).collect()
    }

    /// The path by which a person knows it; it may lead elsewhere by now.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of what stands in it, as a person knows it.
    #[must_use]
    pub fn full_path(&self, below: impl AsRef<Path>) -> PathBuf {
        self.path.join(below)
    }

    /// Where it is now, without links; `None` where nobody can tell.
    #[must_use]
    pub fn real_path(&self) -> Option<PathBuf> {
        real_path(self)
    }

    /// The same, known to a person by another path.
    pub(super) fn known_as(self, path: PathBuf) -> Self {
        let path = path.into();
        Self { path, ..self }
    }

    pub(super) fn new(opened: OwnedFd, path: PathBuf) -> Self {
        Self {
            handle: Arc::new(Dir::from_std_file(opened.into())),
            path: path.into(),
        }
    }
}

impl AsFd for Directory {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.handle.as_fd()
    }
}

/// Where something is that is held open, without links.
pub fn real_path(handle: &impl AsFd) -> Option<PathBuf> {
    let link = format!("/proc/self/fd/{}", handle.as_fd().as_raw_fd());
    let path = readlinkat(CWD, link, Vec::new()).ok()?;
    Some(OsString::from_vec(path.into_bytes()).into())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn what_takes_the_place_of_a_directory_is_not_it() {
        let top = tempfile::tempdir().unwrap();
        let at = |name: &str| top.path().join(name);
        for (name, text) in [("context", "inside"), ("other", "outside")] {
            fs::create_dir(at(name)).unwrap();
            fs::write(at(name).join("file"), text).unwrap();
        }
        let held = Directory::open(at("context")).unwrap();

        fs::rename(at("context"), at("away")).unwrap();
        symlink("other", at("context")).unwrap();

        assert_eq!(held.text_as_root("file", 100).unwrap(), b"inside");
        assert_eq!(held.path(), at("context"));
        let real = fs::canonicalize(at("away")).unwrap();
        assert_eq!(held.real_path().unwrap(), real);
    }

    #[test]
    fn nothing_inside_leads_out_and_a_root_is_where_absolute_links_begin() {
        let top = tempfile::tempdir().unwrap();
        let at = |name: &str| top.path().join(name);
        fs::create_dir(at("context")).unwrap();
        fs::write(at("secret"), "secret").unwrap();
        fs::write(at("context/file"), "inside").unwrap();
        for (name, target) in [
            ("out", at("secret").to_str().unwrap()),
            ("up", "../secret"),
            ("absolute", "/file"),
            ("within", "file"),
        ] {
            symlink(target, at("context").join(name)).unwrap();
        }
        let held = Directory::open(at("context")).unwrap();

        let beneath = |name: &str| held.file_beneath(name).map_err(|error| error.kind());
        assert!(beneath("within").is_ok());
        for name in ["out", "up", "absolute"] {
            let denied = io::ErrorKind::PermissionDenied;
            assert_eq!(beneath(name).unwrap_err(), denied, "{name}");
        }
        let as_root = |name: &str| held.text_as_root(name, 100).ok();
        assert_eq!(as_root("within").as_deref(), Some(&b"inside"[..]));
        assert_eq!(as_root("absolute").as_deref(), Some(&b"inside"[..]));
        assert_eq!((as_root("out"), as_root("up")), (None, None));
    }

    #[test]
    fn a_directory_is_made_with_those_above_it() {
        let top = tempfile::tempdir().unwrap();
        let held = Directory::open(top.path()).unwrap();

        held.made("a/b/c").unwrap();
        held.made("a/b/c").unwrap();

        assert!(top.path().join("a/b/c").is_dir());
    }
}
