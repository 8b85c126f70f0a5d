//! The daemon's root: whose it is, who uses it now, and what a killed daemon left in it.
//!
//! One daemon uses a root at a time. Our lock is a file of ours in it, held for as long as we live and released by the
//! kernel at any death; `buildkitd.lock`, the daemon's own, tells of daemons that are not ours or not dead yet.
//!
//! Reads: the root. Writes: `oci-image.lock` in it; removes the working directories of steps that are gone.
//! Source: flock(2); BuildKit v0.32.2, `cmd/buildkitd`, `executor/runcexecutor`.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{DaemonError, mounts};
use crate::blocking::blocking;

/// How often a lock is tried. A blocking flock(2) cannot be called off without a signal to its thread.
const RETRY: Duration = Duration::from_millis(50);

/// How long the daemon of a build that was killed may take to die after it.
// The kernel kills it together with its supervisor; 2 s is what we promise.
const DYING: Duration = Duration::from_secs(5);

/// The right to use a root, for as long as it lives.
#[derive(Debug)]
pub(super) struct RootLock {
    path: PathBuf,
    _file: File,
}

impl RootLock {
    /// Makes the root if it is not there, and waits for its lock; says so once if that takes any time.
    pub(super) async fn acquire(
        root: &Path,
        on_wait: impl FnOnce(&Path),
    ) -> Result<Self, DaemonError> {
        let failed = |source| DaemonError::Root {
            path: root.to_owned(),
            source,
        };
        let named = root.to_owned();
        let (path, file) = blocking(move || open(&named)).await?;
        if !try_lock(&file).map_err(failed)? {
            on_wait(root);
            while !try_lock(&file).map_err(failed)? {
                sleep(RETRY).await;
            }
        }
        let deadline = Instant::now() + DYING;
        while runs(&path).map_err(failed)? {
            if Instant::now() > deadline {
                return Err(DaemonError::RootBusy { path });
            }
            sleep(RETRY).await;
        }
        let lock = Self { path, _file: file };
        blocking(move || tidy(&lock.path).map(|()| lock))
            .await
            .map_err(failed)
    }

    /// The root, absolute and without links, as mounts name it.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// The real path of a root that is ours, and its lock file.
fn open(root: &Path) -> Result<(PathBuf, File), DaemonError> {
    let failed = |source| DaemonError::Root {
        path: root.to_owned(),
        source,
    };
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(root)
        .map_err(failed)?;
    // A link that another user made, in a temporary directory say, is as little ours as a directory of theirs.
    let user = rustix::process::geteuid().as_raw();
    for metadata in [fs::symlink_metadata(root), fs::metadata(root)] {
        let owner = metadata.map_err(failed)?.uid();
        if owner != user {
            return Err(DaemonError::RootOwner {
                path: root.to_owned(),
                owner,
                user,
            });
        }
    }
    let path = fs::canonicalize(root).map_err(failed)?;
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path.join("oci-image.lock"));
    Ok((path, lock.map_err(failed)?))
}

fn try_lock(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Whether a buildkitd has the root.
fn runs(root: &Path) -> io::Result<bool> {
    match File::open(root.join("buildkitd.lock")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        opened => Ok(!try_lock(&opened?)?),
    }
}

/// Removes what a killed daemon and its steps leave in the root: working directories, `hosts` files and mount points,
/// which the daemon makes anew; without namespaces, mounts and the runtime's state as well. Call it when no daemon runs.
pub(super) fn tidy(root: &Path) -> io::Result<()> {
    // An ordinary user's runtime keeps its state in the private directory, and may not even look into root's.
    let is_root = rustix::process::geteuid().is_root();
    let states: &[_] = if is_root {
        &["/run/runc", "/run/crun"]
    } else {
        &[]
    };
    for worker in directories(root)? {
        let steps = worker.join("executor");
        for step in directories(&steps)? {
            // The directory is named like the container.
            let container = step.file_name().unwrap_or_default();
            for states in states {
                mounts::remove_tree(&Path::new(states).join(container))?;
            }
        }
        for leavings in [steps, worker.join("cachemounts")] {
            mounts::unmount_below(&leavings)?;
            mounts::remove_tree(&leavings)?;
        }
    }
    Ok(())
}

/// The directories in a directory; none if it is not there.
fn directories(parent: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries = match fs::read_dir(parent) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.push(entry.path());
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_second_build_waits_and_says_so_once() {
        let root = tempfile::tempdir().unwrap();
        let first = RootLock::acquire(root.path(), |_| panic!("nobody holds it"))
            .await
            .unwrap();
        let (waits, waited) = tokio::sync::oneshot::channel();
        let path = root.path().to_owned();

        let second = tokio::spawn(async move {
            RootLock::acquire(&path, |root| waits.send(root.to_owned()).unwrap()).await
        });
        assert_eq!(waited.await.unwrap(), root.path());
        assert!(!second.is_finished());
        drop(first);

        second.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn the_wait_can_be_called_off() {
        let root = tempfile::tempdir().unwrap();
        let _first = RootLock::acquire(root.path(), |_| ()).await.unwrap();

        let waited = tokio::time::timeout(
            Duration::from_millis(120),
            RootLock::acquire(root.path(), |_| ()),
        )
        .await;

        assert!(waited.is_err());
    }

    #[tokio::test]
    async fn what_steps_that_are_gone_left_in_the_root_is_removed() {
        let root = tempfile::tempdir().unwrap();
        let worker = root.path().join("runc-overlayfs");
        for directory in ["executor/step/rootfs", "cachemounts/buildkit1", "snapshots"] {
            fs::create_dir_all(worker.join(directory)).unwrap();
        }
        fs::write(worker.join("executor/hosts.step"), "").unwrap();

        RootLock::acquire(root.path(), |_| ()).await.unwrap();

        assert_eq!(directories(&worker).unwrap(), [worker.join("snapshots")]);
    }

    #[tokio::test]
    async fn a_root_of_another_user_is_refused() {
        let root = tempfile::tempdir().unwrap();
        if std::os::unix::fs::chown(root.path(), Some(65534), None).is_err() {
            println!("skipped: only root can give a directory away");
            return;
        }

        let error = RootLock::acquire(root.path(), |_| ()).await.unwrap_err();

        let expected = format!(
            "`{}` belongs to user 65534, not to user 0: name another root",
            root.path().display()
        );
        assert_eq!(error.to_string(), expected);
    }
}
