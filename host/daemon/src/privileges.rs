//! Whether this process may do what every step of a build needs, tried before anything starts.
//!
//! Tried, and not read from its capabilities: a filter of system calls, AppArmor and the rules of user namespaces forbid
//! the same. Root in a user namespace may build if that has mounts, `/proc` and the groups that steps need.
//!
//! Reads: `/proc/self/uid_map`. Writes: mounts, in namespaces of a thread that ends at once, so that nobody sees them.
//! Source: user_namespaces(7), mount_namespaces(7); Linux, `fs/namespace.c` (`mount_too_revealing`).

use std::fs;
use std::io::{self, ErrorKind::PermissionDenied};
use std::thread;

use rustix::io::Errno;
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

use crate::error::DaemonError;
use crate::namespaces::{self, Refused};
use crate::rootless;

/// That this process may run a daemon and its steps here, as it was found by trying.
#[derive(Debug, Clone, Copy)]
pub struct Privileges(());

impl Privileges {
    /// Tries. Blocking: for root a thread that enters namespaces and ends, for others a child's start.
    ///
    /// # Errors
    /// [`DaemonError::NotPrivileged`] for root, [`DaemonError::Rootless`] for an ordinary user.
    pub fn check() -> Result<Self, DaemonError> {
        if rustix::process::geteuid().is_root() {
            check_root()?;
        } else {
            rootless::check()?;
        }
        Ok(Self(()))
    }
}

fn check_root() -> Result<(), DaemonError> {
    // A thread that cannot be had is no lack of privileges; nor does a panic tell of one.
    let tried = thread::Builder::new().spawn(try_mounts).ok();
    match tried.and_then(|thread| thread.join().ok()) {
        // What this kernel or this moment has not got is another matter: the start goes without new namespaces, if it may
        // mount in ours.
        Some(Err(Refused { step, source })) if source.kind() == PermissionDenied => {
            Err(DaemonError::NotPrivileged { step, source })
        }
        Some(Err(_)) if !may_mount_here() => Err(DaemonError::NotPrivileged {
            step: "mounts",
            source: PermissionDenied.into(),
        }),
        _ => Ok(()),
    }
}

/// Does what the daemon and each step do, in namespaces of the calling thread.
fn try_mounts() -> Result<(), Refused> {
    let refused = |step| move |source: io::Error| Refused { step, source };
    let flags = MountFlags::NOSUID | MountFlags::NOEXEC;
    namespaces::enter()?;
    mount("tmpfs", "/", "tmpfs", flags, None).map_err(|errno| refused("mounts")(errno.into()))?;
    if !in_user_namespace() {
        return Ok(());
    }
    // As runc mounts it; a group that the namespace does not map is an invalid argument.
    mount("devpts", "/", "devpts", flags, c"newinstance,gid=5").map_err(|_errno| {
        refused("terminals of group 5, which this user namespace does not map")(
            PermissionDenied.into(),
        )
    })?;
    namespaces::try_in_child(|| Ok(mount(c"proc", c"/proc", c"proc", MountFlags::NOSUID, None)?))
        .map_err(refused("a `/proc` for steps, because this one is masked"))
}

/// Whether this mount namespace takes mounts of ours. Flags that exclude each other unmount nothing, and whoever may not
/// mount is told so before they are looked at (umount(2): `EINVAL`, `EPERM`).
fn may_mount_here() -> bool {
    unmount("/", UnmountFlags::EXPIRE | UnmountFlags::DETACH) != Err(Errno::PERM)
}

/// Whether this process is in a user namespace other than the machine's own, which maps every ID to itself.
fn in_user_namespace() -> bool {
    let map = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    let map: Vec<&str> = map.split_whitespace().collect();
    !matches!(map[..], [] | ["0", "0", "4294967295"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_trial_is_seen_afterwards() {
        let mounts = || fs::read_to_string("/proc/self/mountinfo").unwrap();
        let before = mounts();

        // An ordinary user may be refused.
        let _ = Privileges::check();

        assert_eq!(mounts(), before);
    }
}
