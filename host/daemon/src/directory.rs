//! The root as a directory that is open: whose it is, and the files of ours in it.
//!
//! The default root lies in a directory that everybody may write to, where another user can have made something of its name
//! before. What is used is therefore this user's alone, and is looked at once it is open. A file in it is opened as itself:
//! a link would lead us elsewhere, a pipe would keep us.
//!
//! Reads: the root's owner and mode. Writes: the root, if it is not there; empty files in it. Unknown here: what is in
//! them (`root`, `log`). Source: open(2), symlink(7).

use std::fs::{self, DirBuilder, File, Metadata};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;

use crate::error::DaemonError;

/// How every file is opened: not through a link, and without waiting for the other end of a pipe.
const AS_ITSELF: OFlags = OFlags::NOFOLLOW
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY)
    .union(OFlags::CLOEXEC);

/// The mode of what is made here: nobody else reads the daemon's log.
const PRIVATE: Mode = Mode::RUSR.union(Mode::WUSR);

/// What others may do to a directory for it not to be ours alone.
const OTHERS_WRITE: u32 = 0o022;

/// A root that belongs to this user and that nobody else may write to.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
    handle: OwnedFd,
}

impl Directory {
    /// Opens the root, and makes it (mode 0700) if it is not there. Blocking.
    pub(super) fn open(root: &Path) -> Result<Self, DaemonError> {
        let failed = |source| DaemonError::Root {
            path: root.to_owned(),
            source,
        };
        // A link that another user made, in a temporary directory say, is as little ours as a directory of theirs.
        if let Ok(there) = fs::symlink_metadata(root) {
            check_owner(root, &there)?;
        }
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(root)
            .map_err(failed)?;
        Self::open_existing(root)
    }

    /// The same of a root that is there; nothing is made. Blocking.
    pub(super) fn open_existing(root: &Path) -> Result<Self, DaemonError> {
        let failed = |source| DaemonError::Root {
            path: root.to_owned(),
            source,
        };
        check_owner(root, &fs::symlink_metadata(root).map_err(failed)?)?;
        let path = fs::canonicalize(root).map_err(failed)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | AS_ITSELF;
        let handle =
            rustix::fs::open(&path, flags, Mode::empty()).map_err(|error| failed(error.into()))?;
        let handle = File::from(handle);
        let opened = handle.metadata().map_err(failed)?;
        check_owner(root, &opened)?;
        if opened.mode() & OTHERS_WRITE != 0 {
            return Err(DaemonError::RootShared {
                path: root.to_owned(),
                mode: opened.mode() & 0o7777,
            });
        }
        Ok(Self {
            path,
            handle: handle.into(),
        })
    }

    /// Where it is, absolute and without links, as mounts name it.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A file for a lock: the one that is there, or a new one.
    pub(super) fn lock_file(&self, name: &str) -> Result<File, DaemonError> {
        self.file(name, OFlags::WRONLY | OFlags::CREATE)?
            .ok_or_else(|| self.failed(Errno::NOENT.into()))
    }

    /// A file that is there, for reading.
    pub(super) fn existing(&self, name: &str) -> Result<Option<File>, DaemonError> {
        self.file(name, OFlags::RDONLY)
    }

    /// An empty file in the place of an older one.
    pub(super) fn new_file(&self, name: &str) -> io::Result<File> {
        match rustix::fs::unlinkat(&self.handle, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(error) => return Err(error.into()),
        }
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | AS_ITSELF;
        Ok(rustix::fs::openat(&self.handle, name, flags, PRIVATE)?.into())
    }

    /// The plain file of that name, if there is any or the flags make it.
    fn file(&self, name: &str, flags: OFlags) -> Result<Option<File>, DaemonError> {
        let refused = |what| DaemonError::RootEntry {
            path: self.path.join(name),
            what,
        };
        // Asked before it is opened, because to open a device does something, and what cannot be opened is to be told too.
        let there = rustix::fs::statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW);
        if let Some(what) = there.ok().and_then(|there| other_than_file(there.st_mode)) {
            return Err(refused(what));
        }
        match rustix::fs::openat(&self.handle, name, flags | AS_ITSELF, PRIVATE) {
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(self.failed(error.into())),
            Ok(file) => {
                let file = File::from(file);
                let opened = file.metadata().map_err(|error| self.failed(error))?;
                match other_than_file(opened.mode()) {
                    Some(what) => Err(refused(what)),
                    None => Ok(Some(file)),
                }
            }
        }
    }

    fn failed(&self, source: io::Error) -> DaemonError {
        DaemonError::Root {
            path: self.path.clone(),
            source,
        }
    }
}

/// Refuses what belongs to another user.
fn check_owner(root: &Path, there: &Metadata) -> Result<(), DaemonError> {
    let user = rustix::process::geteuid().as_raw();
    if there.uid() == user {
        return Ok(());
    }
    Err(DaemonError::RootOwner {
        path: root.to_owned(),
        owner: there.uid(),
        user,
    })
}

/// What something of that mode is, if it is not a file.
fn other_than_file(mode: u32) -> Option<&'static str> {
    Some(match FileType::from_raw_mode(mode) {
        FileType::RegularFile => return None,
        FileType::Symlink => "a link",
        FileType::Directory => "a directory",
        FileType::Fifo => "a pipe",
        FileType::Socket => "a socket",
        _ => "a device",
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use rustix::fs::{CWD, mkfifoat};

    use super::*;

    fn mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn refusal(root: &Path) -> String {
        Directory::open(root).unwrap_err().to_string()
    }

    #[test]
    fn a_root_that_others_may_write_to_is_refused_with_what_to_do() {
        let root = tempfile::tempdir().unwrap();
        for (shared, shown) in [
            (0o777, "777"),
            (0o1777, "1777"),
            (0o720, "720"),
            (0o702, "702"),
        ] {
            mode(root.path(), shared);

            let expected = format!(
                "others may write to `{}` (mode {shown}), so that what is in it cannot be trusted: name another root \
                 (`--root`), or empty this one and `chmod go-w` it",
                root.path().display()
            );
            assert_eq!(refusal(root.path()), expected);
        }
        for ours in [0o700, 0o755, 0o2755] {
            mode(root.path(), ours);
            assert!(Directory::open(root.path()).is_ok(), "{ours:o}");
        }
    }

    #[test]
    fn a_root_that_another_user_made_before_is_refused_whatever_it_is() {
        if !rustix::process::geteuid().is_root() {
            println!("skipped: only root can give something away");
            return;
        }
        let shared = tempfile::tempdir().unwrap();
        let ours = tempfile::tempdir().unwrap();
        let (directory, link, nowhere) = (
            shared.path().join("directory"),
            shared.path().join("link"),
            shared.path().join("nowhere"),
        );
        fs::create_dir(&directory).unwrap();
        symlink(ours.path(), &link).unwrap();
        symlink("missing", &nowhere).unwrap();
        for root in [directory, link, nowhere] {
            std::os::unix::fs::lchown(&root, Some(65534), None).unwrap();

            let expected = format!(
                "`{}` belongs to user 65534, not to user 0: name another root (`--root`), or remove it",
                root.display()
            );
            assert_eq!(refusal(&root), expected);
        }
        assert_eq!(fs::read_dir(ours.path()).unwrap().count(), 0);
        assert!(!shared.path().join("missing").exists());
    }

    #[test]
    fn a_link_of_ours_leads_to_a_root_that_is_judged_itself() {
        let (home, root) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let link = home.path().join("root");
        symlink(root.path(), &link).unwrap();

        let opened = Directory::open(&link).unwrap();
        mode(root.path(), 0o777);

        assert_eq!(opened.path(), root.path().canonicalize().unwrap());
        assert!(refusal(&link).starts_with("others may write to `"));
    }

    #[test]
    fn files_in_it_are_opened_as_themselves_or_not_at_all() {
        let (root, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let target = outside.path().join("file");
        fs::write(&target, "untouched").unwrap();
        let directory = Directory::open(root.path()).unwrap();
        let at = |name: &str| directory.path().join(name);
        symlink(&target, at("link")).unwrap();
        symlink(outside.path().join("made"), at("dangling")).unwrap();
        mkfifoat(CWD, at("pipe"), PRIVATE).unwrap();
        fs::create_dir(at("directory")).unwrap();
        let kinds = [
            ("link", "a link"),
            ("dangling", "a link"),
            ("pipe", "a pipe"),
            ("directory", "a directory"),
        ];
        for (name, what) in kinds {
            let expected = format!(
                "`{}` is {what} and no file: remove it, or name another root (`--root`)",
                at(name).display()
            );
            assert_eq!(directory.lock_file(name).unwrap_err().to_string(), expected);
            assert_eq!(directory.existing(name).unwrap_err().to_string(), expected);
        }
        assert!(directory.existing("missing").unwrap().is_none());

        for name in ["link", "dangling", "pipe", "new"] {
            io::Write::write_all(&mut directory.new_file(name).unwrap(), b"log").unwrap();
            assert_eq!(fs::read(at(name)).unwrap(), b"log");
            assert!(fs::symlink_metadata(at(name)).unwrap().is_file());
        }
        assert!(directory.new_file("directory").is_err());
        assert_eq!(fs::read(&target).unwrap(), b"untouched");
        assert!(!outside.path().join("made").exists());
    }

    #[test]
    fn a_log_that_is_a_second_name_of_another_file_becomes_a_file_of_its_own() {
        let root = tempfile::tempdir().unwrap();
        let other = root.path().join("other");
        fs::write(&other, "untouched").unwrap();
        fs::hard_link(&other, root.path().join("log")).unwrap();

        let _ = Directory::open(root.path())
            .unwrap()
            .new_file("log")
            .unwrap();

        assert_eq!(fs::read(&other).unwrap(), b"untouched");
    }
}
