//! The daemon's root: who uses it now, and what a killed daemon left in it.
//!
//! One daemon uses a root at a time. Our lock is a file of ours in it, held for as long as we live and released by the
//! kernel at any death; `buildkitd.lock`, the daemon's own, tells of daemons that are not ours or not dead yet.
//!
//! Reads: the root. Writes: `oci-image.lock` in it; removes the working directories of steps that are gone. Unknown here:
//! whose it is (`directory`).
//! Source: flock(2); BuildKit, `cmd/buildkitd`, `executor/runcexecutor`.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::directory::Directory;
use crate::error::DaemonError;
use crate::holder::Holder;
use crate::mounts;
use oci_image_boundary::blocking::blocking;

/// How often a lock is tried. A blocking flock(2) cannot be called off without a signal to its thread.
const RETRY: Duration = Duration::from_millis(50);

/// How long the daemon of a build that was killed may take to die after it.
// The kernel kills it together with its supervisor; 2 s is what we promise.
const DYING: Duration = Duration::from_secs(5);

/// The file that is locked for as long as a root is used.
const LOCK: &str = "oci-image.lock";

/// How a directory begins whose contents are being removed.
const GOING: &str = "going-";

/// Makes a root if it is not there, for what clients keep in it; nobody is locked out. Blocking.
///
/// # Errors
/// Those of a root that cannot be used, or is not this user's alone.
pub fn make_root(root: &Path) -> Result<(), DaemonError> {
    Directory::open(root).map(drop)
}

/// The right to use a root, for as long as it lives.
#[derive(Debug)]
pub struct RootLock {
    directory: Directory,
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
        let (directory, file) = blocking(move || {
            let directory = Directory::open(&named)?;
            let file = directory.lock_file(LOCK)?;
            Ok::<_, DaemonError>((directory, file))
        })
        .await?;
        if !try_lock(&file).map_err(failed)? {
            on_wait(root);
            while !try_lock(&file).map_err(failed)? {
                sleep(RETRY).await;
            }
        }
        let deadline = Instant::now() + DYING;
        while runs(&directory)? {
            if Instant::now() > deadline {
                return Err(DaemonError::RootBusy {
                    path: directory.path().to_owned(),
                });
            }
            sleep(RETRY).await;
        }
        let lock = Self {
            directory,
            _file: file,
        };
        blocking(move || tidy(lock.path()).map(|()| lock))
            .await
            .map_err(failed)
    }

    /// The lock of a root that is there and that nobody uses. Nothing is waited for, and what killed builds left is removed. Blocking.
    ///
    /// # Errors
    /// [`DaemonError::RootHeld`], [`DaemonError::RootBusy`], and those of a root that cannot be used.
    pub fn acquire_free(root: &Path) -> Result<Self, DaemonError> {
        let directory = Directory::open_existing(root)?;
        let path = directory.path().to_owned();
        let failed = |source| DaemonError::Root {
            path: path.clone(),
            source,
        };
        let file = directory.lock_file(LOCK)?;
        if !try_lock(&file).map_err(failed)? {
            let holder = Holder::of(&file);
            return Err(DaemonError::RootHeld { path, holder });
        }
        if runs(&directory)? {
            return Err(DaemonError::RootBusy { path });
        }
        tidy(&path).map_err(failed)?;
        Ok(Self {
            directory,
            _file: file,
        })
    }

    /// Removes everything in the root but the lock. Blocking.
    ///
    /// All of it gets another name first, so that a daemon which starts after a removal that was cut short finds nothing, and not
    /// a part. What it says of results goes before the results.
    ///
    /// # Errors
    /// The system's, with what it refuses to remove; something that is mounted in the root.
    pub fn clear(&self) -> io::Result<()> {
        mounts::check_unmounted(self.path())?;
        let going = tempfile::Builder::new()
            .prefix(GOING)
            .tempdir_in(self.path())?;
        let mut entries = Vec::new();
        for entry in fs::read_dir(self.path())? {
            let entry = entry?;
            entries.push((entry.file_type()?.is_dir(), entry.file_name()));
        }
        entries.sort(); // files, such as databases, first
        let (own, mut left) = (going.path().file_name(), Vec::new());
        for (is_directory, name) in entries {
            let path = self.path().join(&name);
            if name == LOCK || Some(name.as_os_str()) == own {
                continue;
            }
            if is_directory && name.as_encoded_bytes().starts_with(GOING.as_bytes()) {
                left.push(path);
            } else {
                fs::rename(&path, going.path().join(&name))?;
            }
        }
        left.push(going.keep());
        left.iter().try_for_each(|path| mounts::remove_tree(path))
    }

    /// The root, absolute and without links, as mounts name it.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The root, open.
    pub(super) fn directory(&self) -> &Directory {
        &self.directory
    }
}

fn try_lock(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Who uses a root: by its lock, which is let go again. Blocking.
pub(super) fn is_held(directory: &Directory) -> Result<Option<Option<Holder>>, DaemonError> {
    let Some(lock) = directory.existing(LOCK)? else {
        return Ok(None);
    };
    let is_free = try_lock(&lock).map_err(|source| DaemonError::Root {
        path: directory.path().to_owned(),
        source,
    })?;
    Ok((!is_free).then(|| Holder::of(&lock)))
}

/// Whether a buildkitd has the root.
pub(super) fn runs(directory: &Directory) -> Result<bool, DaemonError> {
    let Some(lock) = directory.existing("buildkitd.lock")? else {
        return Ok(false);
    };
    let is_free = try_lock(&lock).map_err(|source| DaemonError::Root {
        path: directory.path().to_owned(),
        source,
    })?;
    Ok(!is_free)
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

    #[test]
    fn a_root_is_cleared_of_all_but_its_lock() {
        let root = tempfile::tempdir().unwrap();
        for path in ["runc-overlayfs/snapshots/1/fs", "going-before/x"] {
            fs::create_dir_all(root.path().join(path)).unwrap();
        }
        fs::write(root.path().join("cache.db"), "").unwrap();
        let lock = RootLock::acquire_free(root.path()).unwrap();

        lock.clear().unwrap();

        let names = fs::read_dir(root.path()).unwrap();
        let names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, [LOCK]);
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
}
