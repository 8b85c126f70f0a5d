//! The private directory of one daemon: sockets, configuration, temporary files.
//!
//! It is apart from the root because a socket's path may be 107 bytes long, and a root's path is the user's. Whoever
//! lives in it holds a lock on it, which the kernel releases at any death: an unlocked one is stale, and removed by the
//! next daemon that starts, with the cgroups that are named like it. Those may be visible only from where that daemon is
//! about to run: the directory, which alone tells of them, goes when they have been looked for there too.
//!
//! Reads: the temporary directory. Writes: `oci-image-run-XXXXXXXX` in it. Source: unix(7), flock(2).

use std::env;
use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, Permissions, TryLockError};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::Access;

use crate::cgroup::{Group, PREFIX};
use crate::error::DaemonError;
use crate::hierarchy::Record;
use crate::mounts;
use crate::options::temporary_directory;
use crate::warning::Warning;

/// The file that tells in which cgroup the daemon's group is.
const RECORD: &str = "cgroup";

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
    stale: Vec<Stale>,
}

/// The directory of a daemon whose supervisor died, locked.
#[derive(Debug)]
struct Stale {
    path: PathBuf,
    name: String,
    /// The cgroup in which its steps were, where that was not the top of a hierarchy.
    record: Option<Record>,
    /// Whether this process sees where its steps were.
    is_visible: bool,
    _lock: File,
}

impl RuntimeDir {
    /// Makes one where sockets fit, after what is left of stale ones in this mount namespace is ended and unmounted.
    pub(super) fn create() -> Result<Self, DaemonError> {
        let mut tried = Vec::new();
        let mut found = Vec::new();
        for parent in parents() {
            // As mounts name it, without links.
            let real = fs::canonicalize(&parent).inspect(|parent| found.extend(stale(parent)));
            let safe = real.and_then(|parent| check_parent(&parent).map(|()| parent));
            match safe.and_then(|parent| Self::create_in(&parent)) {
                Ok(mut directory) => {
                    found.iter().for_each(Stale::end);
                    directory.stale = found;
                    return Ok(directory);
                }
                Err(error) => tried.push(format!("`{}`: {error}", parent.display())),
            }
        }
        Err(DaemonError::NoRuntimeDir {
            tried: tried.join("; "),
        })
    }

    fn create_in(parent: &Path) -> io::Result<Self> {
        check_length(parent)?;
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
                stale: Vec::new(),
            });
        }
    }

    /// Removes the stale directories that were found, with the cgroups that the calling thread sees, of which `own`
    /// may be one. What resists stays: it is no reason not to build.
    pub(super) fn sweep(&self, own: Option<&Path>) {
        for stale in &self.stale {
            stale.end_groups();
            // In a container, say, that shares a temporary directory with its host: that one's next daemon sees more.
            if stale.is_visible || stale.cgroup() == own {
                let _ = mounts::remove_tree(&stale.path);
            }
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

    /// Keeps, for whoever sweeps, where the daemon's group is.
    pub(super) fn keep(&self, record: &Record) -> Result<(), DaemonError> {
        self.write(RECORD, &record.text())
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

/// Where the private directory of a daemon would be made; nothing is. Blocking.
///
/// # Errors
/// [`DaemonError::NoRuntimeDir`].
pub fn private_place() -> Result<PathBuf, DaemonError> {
    let mut tried = Vec::new();
    for parent in parents() {
        match usable(&parent) {
            Ok(parent) => return Ok(parent),
            Err(error) => tried.push(format!("`{}`: {error}", parent.display())),
        }
    }
    Err(DaemonError::NoRuntimeDir {
        tried: tried.join("; "),
    })
}

/// A directory without links in which one could be made.
fn usable(parent: &Path) -> io::Result<PathBuf> {
    let parent = fs::canonicalize(parent)?;
    check_parent(&parent)?;
    check_length(&parent)?;
    rustix::fs::access(&parent, Access::WRITE_OK | Access::EXEC_OK)?;
    Ok(parent)
}

/// Refuses a directory in which addresses of sockets would be too long.
fn check_length(parent: &Path) -> io::Result<()> {
    if parent.as_os_str().len() <= LONGEST_PARENT {
        return Ok(());
    }
    Err(io::Error::other(format!(
        "its path is longer than {LONGEST_PARENT} bytes"
    )))
}

/// Refuses a directory where others could put one of theirs in the place of ours.
fn check_parent(parent: &Path) -> io::Result<()> {
    let mode = fs::metadata(parent)?.mode();
    if mode & 0o022 == 0 || mode & 0o1000 != 0 {
        return Ok(());
    }
    Err(io::Error::other(format!(
        "others may rename what is in it (mode {:o}); `chmod +t` it, or let `TMPDIR` name a directory of your own",
        mode & 0o7777
    )))
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

/// The directories of daemons whose supervisor died.
fn stale(parent: &Path) -> Vec<Stale> {
    let user = rustix::process::geteuid().as_raw();
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    let ours = entries.filter(|entry| {
        let kind = entry.metadata();
        is_ours(&entry.file_name()) && kind.is_ok_and(|kind| kind.is_dir() && kind.uid() == user)
    });
    ours.filter_map(|entry| {
        let path = entry.path();
        let lock = lock(&path).ok().flatten()?;
        let record = fs::read(path.join(RECORD)).ok();
        let record = record.and_then(|text| Record::parse(&text));
        Some(Stale {
            name: entry.file_name().to_string_lossy().into_owned(),
            is_visible: record.as_ref().is_none_or(Record::is_visible),
            record,
            path,
            _lock: lock,
        })
    })
    .collect()
}

impl Stale {
    /// Ends its processes, and removes its cgroups and mounts, where this thread sees them.
    fn end(&self) {
        self.end_groups();
        self.record.iter().for_each(Record::restore);
        let _ = mounts::unmount_below(&self.path);
    }

    fn cgroup(&self) -> Option<&Path> {
        self.record.as_ref().map(|record| record.cgroup.as_path())
    }

    fn end_groups(&self) {
        if let Ok(group) = Group::named(&self.name, self.cgroup()) {
            group.kill();
            let _ = group.remove();
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
        let dead = parent.path().join("oci-image-run-deadbeef");
        fs::create_dir_all(dead.join("tmp/x")).unwrap();
        let other = parent.path().join("oci-image-other");
        fs::create_dir(&other).unwrap();

        let mut next = RuntimeDir::create_in(parent.path()).unwrap();
        next.stale = stale(parent.path());
        assert!(dead.exists(), "its cgroups may be visible only later");
        next.sweep(None);

        assert!(alive.path().join("tmp").is_dir() && other.is_dir());
        assert!(!dead.exists());
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
    fn a_parent_in_which_others_may_rename_our_directory_is_refused() {
        let parent = tempfile::tempdir_in("/tmp").unwrap();
        let judge = |mode| {
            fs::set_permissions(parent.path(), Permissions::from_mode(mode)).unwrap();
            check_parent(parent.path()).map_err(|error| error.to_string())
        };

        let expected = "others may rename what is in it (mode 777); `chmod +t` it, or let `TMPDIR` name a directory of your own";
        assert_eq!(judge(0o777), Err(expected.to_owned()));
        assert!(judge(0o775).is_err() && judge(0o2772).is_err());
        for safe in [0o1777, 0o755, 0o700] {
            assert_eq!(judge(safe), Ok(()), "{safe:o}");
        }
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
