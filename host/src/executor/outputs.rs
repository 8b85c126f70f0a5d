//! Outputs: what a build leaves in the directories that Concourse collects.
//!
//! Everything is written into a staging directory inside the output, and takes its final name only when every solve of
//! the plan has succeeded: a failed build leaves no name behind, and one target never stands without the others.
//!
//! Reads and writes: the export directories of a plan. Unknown here: how a solve makes what is in them.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FlockOperation, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

use crate::image::rootfs;
use crate::outside::shown;

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
pub struct Staging {
    output: PathBuf,
    // Held for its lock: the kernel releases it however this process ends.
    _lock: OwnedFd,
}

impl Staging {
    /// Prepares an output, and removes what a killed build left in it.
    ///
    /// # Errors
    /// [`OutputError::Busy`] while another process stages there; [`OutputError::Prepare`] if the system refuses.
    pub fn begin(output: &Path) -> Result<Self, OutputError> {
        let staging = Self {
            output: output.to_owned(),
            _lock: lock(output)?,
        };
        staging
            .clear()
            .and_then(|()| fs::create_dir(staging.directory()))
            .map_err(|source| OutputError::Prepare {
                path: staging.directory(),
                source,
            })?;
        Ok(staging)
    }

    /// Where the result `name` is written for now.
    #[must_use]
    pub fn path(&self, name: impl AsRef<OsStr>) -> PathBuf {
        self.directory().join(name.as_ref())
    }

    /// Writes a small result whole.
    ///
    /// # Errors
    /// [`OutputError::Write`].
    pub fn write(&self, name: &str, contents: &[u8]) -> Result<(), OutputError> {
        fs::write(self.path(name), contents).map_err(|source| OutputError::Write {
            path: self.output.join(name),
            source,
        })
    }

    /// Gives every staged result its name, in place of what had it before.
    ///
    /// # Errors
    /// [`OutputError::Publish`] with the first name that the system refuses.
    pub fn publish(&self) -> Result<(), OutputError> {
        let directory = self.directory();
        let prepare = |source| OutputError::Prepare {
            path: directory.clone(),
            source,
        };
        let names = fs::read_dir(&directory)
            .and_then(|entries| {
                entries
                    .map(|entry| Ok(entry?.file_name()))
                    .collect::<io::Result<Vec<_>>>()
            })
            .map_err(prepare)?;
        let replaced = self.path(REPLACED);
        fs::create_dir(&replaced).map_err(prepare)?;
        for name in names {
            let target = self.output.join(&name);
            replace(&self.path(&name), &target, &replaced.join(&name)).map_err(|source| {
                OutputError::Publish {
                    path: target,
                    source,
                }
            })?;
        }
        // What was replaced may resist: the results stand all the same.
        let _ = self.clear();
        Ok(())
    }

    fn directory(&self) -> PathBuf {
        self.output.join(STAGING)
    }

    fn clear(&self) -> io::Result<()> {
        match rootfs::remove(&self.directory()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // Nothing can be done about a failure here; the next build clears it, and says so if it cannot.
        let _ = self.clear();
    }
}

fn lock(output: &Path) -> Result<OwnedFd, OutputError> {
    let prepare = |errno: Errno| OutputError::Prepare {
        path: output.to_owned(),
        source: errno.into(),
    };
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let directory = rustix::fs::open(output, flags, Mode::empty()).map_err(prepare)?;
    match rustix::fs::flock(&directory, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(directory),
        Err(Errno::WOULDBLOCK) => Err(OutputError::Busy {
            path: output.to_owned(),
        }),
        Err(errno) => Err(prepare(errno)),
    }
}

/// Moves `from` to `to`, and what stands there aside where the kernel does not replace it: a directory. The name is never
/// without a result.
fn replace(from: &Path, to: &Path, aside: &Path) -> io::Result<()> {
    let is_directory = |path: &Path| fs::symlink_metadata(path).is_ok_and(|entry| entry.is_dir());
    if !is_directory(from) && !is_directory(to) {
        return fs::rename(from, to);
    }
    match rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::EXCHANGE) {
        Ok(()) => fs::rename(from, aside),
        Err(Errno::NOENT) => fs::rename(from, to),
        // A file system that cannot exchange names (NFS, for one): the name is without a result for a moment.
        Err(Errno::INVAL | Errno::NOSYS) => {
            fs::rename(to, aside)?;
            fs::rename(from, to)
        }
        Err(errno) => Err(errno.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

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
        let staging = Staging::begin(output.path()).unwrap();
        staging.write("digest", b"new").unwrap();
        fs::create_dir_all(staging.path("rootfs").join("new")).unwrap();
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
        let staging = Staging::begin(output.path()).unwrap();
        staging.write("digest", b"new").unwrap();

        drop(staging);

        assert_eq!(names(output.path()), Vec::<String>::new());
    }

    #[test]
    fn leftovers_of_a_killed_build_are_removed() {
        let output = tempfile::tempdir().unwrap();
        fs::create_dir_all(output.path().join(STAGING).join("rootfs/deep")).unwrap();

        Staging::begin(output.path()).unwrap().publish().unwrap();

        assert_eq!(names(output.path()), Vec::<String>::new());
    }

    #[test]
    fn tree_that_its_owner_may_not_write_to_is_replaced() {
        let output = tempfile::tempdir().unwrap();
        let closed = output.path().join("rootfs/closed");
        fs::create_dir_all(closed.join("below")).unwrap();
        fs::set_permissions(&closed, Permissions::from_mode(0o500)).unwrap();
        let staging = Staging::begin(output.path()).unwrap();
        fs::create_dir(staging.path("rootfs")).unwrap();

        staging.publish().unwrap();

        assert_eq!(names(output.path()), ["rootfs"]);
        assert_eq!(names(&output.path().join("rootfs")), Vec::<String>::new());
    }

    #[test]
    fn second_build_into_one_output_is_refused() {
        let output = tempfile::tempdir().unwrap();
        let _first = Staging::begin(output.path()).unwrap();

        let error = Staging::begin(output.path()).unwrap_err();

        let path = output.path().display();
        let expected = format!(
            "another build is writing to `{path}`; wait for it, or use another working directory"
        );
        assert_eq!(error.to_string(), expected);
    }
}
