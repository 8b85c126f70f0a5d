//! The private directory of one daemon: sockets, configuration, temporary files.
//!
//! It is apart from the root because a socket's path may be 107 bytes long, and a root's path is the user's. Whoever
//! lives in it holds a lock on it, which the kernel releases at any death: an unlocked one is stale, and removed by the
//! next daemon that starts, with the cgroups that are named like it.
//!
//! Reads: the temporary directory. Writes: `oci-image-run-XXXXXXXX` in it. Source: unix(7), flock(2).

use std::env;
use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, Permissions, TryLockError};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::cgroup::Group;
use super::{DaemonError, Warning, mounts, temporary_directory};

/// What the names of these directories begin with. Nothing else of ours may: it would be swept away.
const PREFIX: &str = "oci-image-run-";

/// The longest parent directory, in bytes.
// The longest path in it that is bound is an ssh agent's, `/oci-image-run-XXXXXXXX/tmp/.buildkit-ssh-sock0123456789/ssh_auth_sock`
// (70 bytes), and 107 fit into an address.
const LONGEST_PARENT: usize = 107 - 70;

/// A private directory, locked. Dropping it removes it.
#[derive(Debug)]
pub(super) struct RuntimeDir {
    path: PathBuf,
    /// The group's name is the directory's, so that who sweeps one finds the other.
    name: String,
    _lock: File,
}

impl RuntimeDir {
    /// Makes one where sockets fit, after stale ones are swept away.
    pub(super) fn create() -> Result<Self, DaemonError> {
        let mut tried = Vec::new();
        for parent in parents() {
            // As mounts name it, without links.
            let real = fs::canonicalize(&parent).inspect(|parent| sweep(parent));
            match real.and_then(|parent| Self::create_in(&parent)) {
                Ok(directory) => return Ok(directory),
                Err(error) => tried.push(format!("`{}`: {error}", parent.display())),
            }
        }
        Err(DaemonError::NoRuntimeDir {
            tried: tried.join("; "),
        })
    }

    fn create_in(parent: &Path) -> io::Result<Self> {
        if parent.as_os_str().len() > LONGEST_PARENT {
            return Err(io::Error::other(format!(
                "its path is longer than {LONGEST_PARENT} bytes"
            )));
        }
        loop {
            let directory = tempfile::Builder::new()
                .prefix(PREFIX)
                .rand_bytes(8)
                .permissions(Permissions::from_mode(0o700))
                .tempdir_in(parent)?;
            // A sweeper may come between the directory and its lock, and take it for stale: then another one is made.
            let Some(lock) = lock(directory.path())? else {
                continue;
            };
            DirBuilder::new()
                .mode(0o700)
                .create(directory.path().join("tmp"))?;
            let path = directory.keep();
            let name = path
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default();
            return Ok(Self {
                path,
                name,
                _lock: lock,
            });
        }
    }

    /// The directory.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Its last component, which names this daemon on this machine.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Where the daemon serves.
    pub(super) fn socket(&self) -> PathBuf {
        self.path.join("buildkitd.sock")
    }

    /// Where it says that it is ready.
    pub(super) fn notify_socket(&self) -> PathBuf {
        self.path.join("notify.sock")
    }

    /// Its temporary directory.
    pub(super) fn temporary(&self) -> PathBuf {
        self.path.join("tmp")
    }

    /// Writes a file that only we can read.
    pub(super) fn write(&self, name: &str, contents: &[u8]) -> Result<(), DaemonError> {
        let path = self.path.join(name);
        fs::write(&path, contents).map_err(|source| DaemonError::Write { path, source })
    }

    /// Removes the directory and says what hinders that.
    pub(super) fn remove(&self) -> Option<Warning> {
        let error = mounts::remove_tree(&self.path).err()?;
        Some(Warning::Left {
            path: self.path.clone(),
            reason: error.to_string(),
        })
    }
}

impl Drop for RuntimeDir {
    fn drop(&mut self) {
        // Who can report it has called `remove` before; the next daemon sweeps what is left.
        let _ = self.remove();
    }
}

/// Where the directory may be, the best first. `/run` comes last: it is often mounted `noexec`, and the daemon probes
/// emulators in its temporary directory.
fn parents() -> Vec<PathBuf> {
    let mut parents = vec![temporary_directory()];
    let user = env::var_os("XDG_RUNTIME_DIR").filter(|_| !rustix::process::geteuid().is_root());
    parents.extend(user.map(PathBuf::from));
    parents.extend(["/tmp", "/run"].map(PathBuf::from));
    parents.retain(|parent| parent.is_absolute());
    parents
}

/// Locks the directory, unless another has locked or removed it.
fn lock(path: &Path) -> io::Result<Option<File>> {
    let directory = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    match directory.try_lock() {
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(error)) => return Err(error),
        Ok(()) => {}
    }
    let same = |there: fs::Metadata| {
        directory
            .metadata()
            .is_ok_and(|here| here.ino() == there.ino())
    };
    Ok(fs::symlink_metadata(path)
        .is_ok_and(same)
        .then_some(directory))
}

/// Removes the directories of daemons whose supervisor died. What resists stays: it is no reason not to build.
fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else {
        return;
    };
    let user = rustix::process::geteuid().as_raw();
    for entry in entries.flatten() {
        let name = entry.file_name();
        let ours = is_ours(&name)
            && entry
                .metadata()
                .is_ok_and(|kind| kind.is_dir() && kind.uid() == user);
        if let (true, Ok(Some(_lock))) = (ours, lock(&entry.path())) {
            if let Ok(group) = Group::named(&name.to_string_lossy()) {
                group.kill();
                let _ = group.remove();
            }
            let _ = mounts::unmount_below(&entry.path());
            let _ = mounts::remove_tree(&entry.path());
        }
    }
}

fn is_ours(name: &OsStr) -> bool {
    name.as_bytes().starts_with(PREFIX.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_nobody_lives_in_is_swept_away_and_a_living_one_is_not() {
        let parent = tempfile::tempdir_in("/tmp").unwrap();
        let alive = RuntimeDir::create_in(parent.path()).unwrap();
        let stale = parent.path().join("oci-image-run-deadbeef");
        fs::create_dir_all(stale.join("tmp/x")).unwrap();
        let other = parent.path().join("oci-image-other");
        fs::create_dir(&other).unwrap();

        sweep(parent.path());

        assert!(alive.path().join("tmp").is_dir() && other.is_dir());
        assert!(!stale.exists());
    }

    #[test]
    fn only_its_owner_may_enter_and_it_goes_when_it_is_dropped() {
        let parent = tempfile::tempdir_in("/tmp").unwrap();
        let directory = RuntimeDir::create_in(parent.path()).unwrap();
        let path = directory.path().to_owned();

        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o700);
        drop(directory);

        assert!(!path.exists());
    }

    #[test]
    fn a_parent_in_which_no_socket_fits_is_refused() {
        let long = PathBuf::from(format!("/{}", "x".repeat(LONGEST_PARENT)));

        let error = RuntimeDir::create_in(&long).unwrap_err();

        assert_eq!(error.to_string(), "its path is longer than 37 bytes");
    }

    #[test]
    fn the_longest_socket_of_the_longest_parent_is_an_address() {
        let agent = "/oci-image-run-XXXXXXXX/tmp/.buildkit-ssh-sock0123456789/ssh_auth_sock";
        let path = format!("/{}{agent}", "x".repeat(LONGEST_PARENT - 1));

        assert!(std::os::unix::net::SocketAddr::from_pathname(path).is_ok());
    }
}
