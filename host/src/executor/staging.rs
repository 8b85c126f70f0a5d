//! Staging: an output while nothing of it has its final name.
//!
//! Everything is written into a staging directory inside the output, and takes its final name only when every solve of
//! the plan has succeeded: a failed build leaves no name behind, and one target never stands without the others.
//!
//! Reads and writes: the export directories of a plan. Unknown here: how a solve makes what is in them.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use rustix::fs::{
    AtFlags, FileType, FlockOperation, Mode, OFlags, RenameFlags, mkdirat, openat, renameat,
    renameat_with, statat, unlinkat,
};
use rustix::io::Errno;

use crate::boundary::handle::{self, Directory};
use crate::boundary::outside::shown;
use crate::boundary::regular_file::RegularFile;

/// Name of the staging directory. It is fixed, so that the next build finds what a killed one left.
const STAGING: &str = ".oci-image-partial";
/// Where in the staging directory that stands which a result replaces.
const REPLACED: &str = ".replaced";

/// An output that could not be written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The output cannot be staged in, or what a killed build left there cannot be removed.
    #[error("cannot prepare `{}`", shown(path))]
    Prepare {
        /// The output, or the staging directory in it.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// Another build writes there now.
    #[error(
        "another build is writing to `{}`; wait for it, or use another working directory",
        shown(path)
    )]
    Busy {
        /// The output.
        path: PathBuf,
    },
    /// A file cannot be written.
    #[error("cannot write `{}`", shown(path))]
    Write {
        /// The file, under the name it would have had.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// A finished result cannot take its name.
    #[error("cannot rename the finished result to `{}`", shown(path))]
    Publish {
        /// The name.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
}

/// One output while nothing of it has its final name. Dropping it removes what was staged: whoever writes into it holds it.
#[derive(Debug)]
pub(super) struct Staging {
    output: Directory,
    /// Where results are until then: open to this user alone.
    staged: Directory,
    // Held for its lock: the kernel releases it however this process ends.
    _lock: OwnedFd,
}

impl Staging {
    /// Prepares an output, and removes what a killed build left in it.
    ///
    /// # Errors
    /// [`OutputError::Busy`] while another process stages there; [`OutputError::Prepare`] if the system refuses.
    pub(super) fn begin(output: Directory) -> Result<Self, OutputError> {
        let lock = lock(&output)?;
        let staged = clear(&output).and_then(|()| {
            mkdirat(&output, STAGING, Mode::RWXU)?;
            output.own_directory(STAGING)
        });
        let staged = staged.map_err(|source| OutputError::Prepare {
            path: output.full_path(STAGING),
            source,
        })?;
        Ok(Self {
            output,
            staged,
            _lock: lock,
        })
    }

    /// Where results are written for now.
    pub(super) fn directory(&self) -> &Directory {
        &self.staged
    }

    /// A result that is a file, open for reading.
    ///
    /// # Errors
    /// The system's; of what is no regular file, that.
    pub(super) fn file(&self, name: &str) -> io::Result<RegularFile> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = openat(&self.staged, name, flags, Mode::empty())?;
        RegularFile::of(file.into(), self.output.full_path(name))
    }

    /// A new result that is a file, open for writing.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn new_file(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let file = openat(&self.staged, name, flags, Mode::from_raw_mode(0o666))?;
        Ok(file.into())
    }

    /// Writes a small result whole.
    ///
    /// # Errors
    /// [`OutputError::Write`].
    pub(super) fn write(&self, name: &str, contents: &[u8]) -> Result<(), OutputError> {
        let written = (self.new_file(name)).and_then(|mut file| file.write_all(contents));
        written.map_err(|source| OutputError::Write {
            path: self.output.full_path(name),
            source,
        })
    }

    /// Gives every staged result its name, in place of what had it before.
    ///
    /// # Errors
    /// [`OutputError::Publish`] with the first name that the system refuses.
    pub(super) fn publish(&self) -> Result<(), OutputError> {
        let prepare = |source| OutputError::Prepare {
            path: self.staged.path().to_owned(),
            source,
        };
        let names = self.staged.names().map_err(prepare)?;
        let replaced = mkdirat(&self.staged, REPLACED, Mode::RWXU).map_err(io::Error::from);
        let replaced = replaced.and_then(|()| self.staged.own_directory(REPLACED));
        let replaced = replaced.map_err(prepare)?;
        for name in names {
            replace(&self.staged, &self.output, &replaced, &name).map_err(|errno| {
                OutputError::Publish {
                    path: self.output.full_path(&name),
                    source: errno.into(),
                }
            })?;
        }
        // What was replaced may resist: the results stand all the same.
        let _ = self.clear();
        Ok(())
    }

    /// Removes what is staged, wherever it is by now, and its directory.
    fn clear(&self) -> io::Result<()> {
        for name in self.staged.names()? {
            handle::remove(&self.staged, name)?;
        }
        match unlinkat(&self.output, STAGING, AtFlags::REMOVEDIR) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // Nothing can be done about a failure here; the next build clears it, and says so if it cannot.
        let _ = self.clear();
    }
}

/// Removes what a killed build left in an output.
fn clear(output: &Directory) -> io::Result<()> {
    match handle::remove(output, STAGING) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn lock(output: &Directory) -> Result<OwnedFd, OutputError> {
    let prepare = |source| OutputError::Prepare {
        path: output.path().to_owned(),
        source,
    };
    let directory = output.reopened().map_err(prepare)?;
    match rustix::fs::flock(&directory, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(directory),
        Err(Errno::WOULDBLOCK) => Err(OutputError::Busy {
            path: output.path().to_owned(),
        }),
        Err(errno) => Err(prepare(errno.into())),
    }
}

/// Moves a name of `from` to `to`, and what stands there to `aside` where the kernel does not replace it: a directory. The name is
/// never without a result.
fn replace(from: &Directory, to: &Directory, aside: &Directory, name: &OsStr) -> Result<(), Errno> {
    let is_directory = |place: &Directory| {
        statat(place, name, AtFlags::SYMLINK_NOFOLLOW)
            .is_ok_and(|found| FileType::from_raw_mode(found.st_mode) == FileType::Directory)
    };
    if !is_directory(from) && !is_directory(to) {
        return renameat(from, name, to, name);
    }
    match renameat_with(from, name, to, name, RenameFlags::EXCHANGE) {
        Ok(()) => renameat(from, name, aside, name),
        Err(Errno::NOENT) => renameat(from, name, to, name),
        // A file system that cannot exchange names (NFS, for one): the name is without a result for a moment.
        Err(Errno::INVAL | Errno::NOSYS) => {
            renameat(to, name, aside, name)?;
            renameat(from, name, to, name)
        }
        Err(errno) => Err(errno),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use super::*;

    fn begin(output: &tempfile::TempDir) -> Result<Staging, OutputError> {
        Staging::begin(Directory::open(output.path()).unwrap())
    }

    /// A path of what is staged.
    fn staged(output: &tempfile::TempDir, name: &str) -> PathBuf {
        output.path().join(STAGING).join(name)
    }

    fn names(directory: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn results_take_their_names_together_and_replace_what_was_there() {
        let output = tempfile::tempdir().unwrap();
        fs::write(output.path().join("digest"), "old").unwrap();
        fs::create_dir_all(output.path().join("rootfs/old")).unwrap();
        fs::write(output.path().join("kept"), "by someone else").unwrap();
        let staging = begin(&output).unwrap();
        staging.write("digest", b"new").unwrap();
        fs::create_dir_all(staged(&output, "rootfs/new")).unwrap();
        assert_eq!(
            fs::read_to_string(output.path().join("digest")).unwrap(),
            "old"
        );

        staging.publish().unwrap();

        assert_eq!(names(output.path()), ["digest", "kept", "rootfs"]);
        assert_eq!(
            fs::read_to_string(output.path().join("digest")).unwrap(),
            "new"
        );
        assert_eq!(names(&output.path().join("rootfs")), ["new"]);
    }

    #[test]
    fn results_that_are_given_up_leave_no_name() {
        let output = tempfile::tempdir().unwrap();
        let staging = begin(&output).unwrap();
        staging.write("digest", b"new").unwrap();

        drop(staging);

        assert_eq!(names(output.path()), Vec::<String>::new());
    }

    #[test]
    fn leftovers_of_a_killed_build_are_removed() {
        let output = tempfile::tempdir().unwrap();
        fs::create_dir_all(output.path().join(STAGING).join("rootfs/deep")).unwrap();

        begin(&output).unwrap().publish().unwrap();

        assert_eq!(names(output.path()), Vec::<String>::new());
    }

    #[test]
    fn tree_that_its_owner_may_not_write_to_is_replaced() {
        let output = tempfile::tempdir().unwrap();
        let closed = output.path().join("rootfs/closed");
        fs::create_dir_all(closed.join("below")).unwrap();
        fs::set_permissions(&closed, Permissions::from_mode(0o500)).unwrap();
        let staging = begin(&output).unwrap();
        fs::create_dir(staged(&output, "rootfs")).unwrap();

        staging.publish().unwrap();

        assert_eq!(names(output.path()), ["rootfs"]);
        assert_eq!(names(&output.path().join("rootfs")), Vec::<String>::new());
    }

    #[test]
    fn second_build_into_one_output_is_refused() {
        let output = tempfile::tempdir().unwrap();
        let _first = begin(&output).unwrap();

        let error = begin(&output).unwrap_err();

        let path = output.path().display();
        let expected = format!(
            "another build is writing to `{path}`; wait for it, or use another working directory"
        );
        assert_eq!(error.to_string(), expected);
    }
}
