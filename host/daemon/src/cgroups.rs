//! Cgroups as a daemon that started now would have them: tried as its start does, in namespaces of a thread that ends at once.
//!
//! Reads: the mounts, `/proc/self/cgroup`. Writes: mounts that nobody else sees.

use std::thread;

use rustix::fs::Access;

use crate::hierarchy::{self, Hierarchies};
use crate::mounts;
use crate::namespaces::{self, Isolation};
use crate::warning::Warning;

/// What there is of cgroups, and what of it a daemon can use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cgroups {
    /// What is mounted; `None` where that cannot be told.
    pub found: Option<Hierarchies>,
    /// Whether steps can be given groups, so that limits hold and their end is seen.
    pub takes_groups: bool,
    /// What a build would be told.
    pub warning: Option<Warning>,
}

impl Cgroups {
    /// Tries. Blocking.
    #[must_use]
    pub fn check() -> Self {
        let found = hierarchy::found().ok();
        // A thread that cannot be had tells nothing either way.
        let tried = thread::Builder::new().spawn(try_groups).ok();
        let (takes_groups, warning) = tried
            .and_then(|thread| thread.join().ok())
            .unwrap_or((false, None));
        Self {
            found,
            takes_groups,
            warning,
        }
    }
}

/// Does what the supervising thread of a daemon does, and asks whether groups could be made.
fn try_groups() -> (bool, Option<Warning>) {
    let isolation = if !rustix::process::geteuid().is_root() {
        Isolation::Rootlesskit
    } else if namespaces::enter().is_ok() {
        Isolation::Namespaces
    } else {
        Isolation::None
    };
    let (own, warning) = hierarchy::provide(isolation, false);
    let takes_groups = match &own {
        Some(own) => own.takes_groups(),
        None => version1_takes_groups(),
    };
    (takes_groups, warning)
}

/// Whether groups can be made at the top of hierarchies of version 1, and there are any.
fn version1_takes_groups() -> bool {
    let mounts = mounts::list().unwrap_or_default();
    let mut version1 = (mounts.iter())
        .filter(|mount| mount.filesystem == "cgroup")
        .map(|mount| rustix::fs::access(&mount.point, Access::WRITE_OK).is_ok())
        .peekable();
    version1.peek().is_some() && version1.all(|writable| writable)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn nothing_of_the_trial_is_seen_afterwards() {
        let seen = || {
            let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
            (mounts, fs::read_to_string("/proc/self/cgroup").unwrap())
        };
        let before = seen();

        let cgroups = Cgroups::check();

        assert_eq!(seen(), before);
        assert!(cgroups.found.is_some());
    }
}
