//! The cgroups of a daemon's steps: a directory in each hierarchy, named like the daemon's private directory.
//!
//! The name is the daemon's alone, so that what is in it may be killed and removed. In a hierarchy of version 1 it stands
//! at the top, in one of version 2 below the cgroup of whoever started the daemon, so that the limits of that hold.
//!
//! Reads: the mounts, `/proc/thread-self/cgroup`. Writes: removes the group's directories.
//! Source: cgroups(7); Linux, `Documentation/admin-guide/cgroup-v2.rst`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::warning::Warning;
use crate::{mounts, namespaces};

/// What the names of groups begin with, and those of private directories. Nothing else of ours may: it would be swept away.
pub(super) const PREFIX: &str = "oci-image-run-";

/// How long killed steps may take to be gone.
const KILL_DEADLINE: Duration = Duration::from_secs(2);

/// The directories of one name in every mounted hierarchy.
#[derive(Debug)]
pub(super) struct Group {
    directories: Vec<PathBuf>,
}

impl Group {
    /// The group of that name, whether it is there or not: at the top of hierarchies, in the cgroup of the calling thread
    /// and in `cgroup`, both of version 2.
    pub(super) fn named(name: &str, cgroup: Option<&Path>) -> io::Result<Self> {
        let own = own();
        let places: Vec<&Path> = own.as_deref().into_iter().chain(cgroup).collect();
        let mut directories = Vec::new();
        for mount in mounts::list()? {
            if mount.filesystem.starts_with("cgroup") {
                directories.push(mount.point.join(name));
            }
            let below = places.iter().filter_map(|place| directory(&mount, place));
            directories.extend(below.map(|place| place.join(name)));
        }
        directories.sort();
        directories.dedup();
        Ok(Self { directories })
    }

    /// Kills every process in it, and waits for their end; new ones may come while old ones die, for 2 s.
    pub(super) fn kill(&self) {
        let deadline = Instant::now() + KILL_DEADLINE;
        while Instant::now() < deadline {
            let processes = self.processes();
            if processes.is_empty() {
                return;
            }
            // One that is gone already cannot be opened: the next round does not list it.
            let open = |pid| pidfd_open(pid, PidfdFlags::empty()).ok();
            let dying: Vec<_> = processes.into_iter().filter_map(open).collect();
            for process in &dying {
                let _ = pidfd_send_signal(process, Signal::KILL);
            }
            for process in &dying {
                namespaces::await_end(process, deadline.saturating_duration_since(Instant::now()));
            }
        }
    }

    /// Removes its directories, the innermost first.
    pub(super) fn remove(&self) -> Option<Warning> {
        for directory in &self.directories {
            for inner in tree(directory).iter().rev() {
                match fs::remove_dir(inner) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        return Some(Warning::Left {
                            path: inner.clone(),
                            reason: error.to_string(),
                        });
                    }
                    _ => {}
                }
            }
        }
        None
    }

    fn processes(&self) -> Vec<Pid> {
        let directories = self
            .directories
            .iter()
            .flat_map(|directory| tree(directory));
        let mut processes: Vec<i32> = directories
            .flat_map(|directory| members(&directory))
            .collect();
        processes.sort_unstable();
        processes.dedup();
        processes.into_iter().filter_map(Pid::from_raw).collect()
    }
}

/// The cgroup of version 2 that the calling thread is in, as its cgroup namespace names it.
pub(super) fn own() -> Option<PathBuf> {
    let text = fs::read_to_string("/proc/thread-self/cgroup").ok()?;
    let path = text.lines().find_map(|line| line.strip_prefix("0::"))?;
    Some(path.into())
}

/// Where a cgroup of version 2 is to be found below that mount, if it shows it.
pub(super) fn directory(mount: &mounts::Mount, cgroup: &Path) -> Option<PathBuf> {
    let below = cgroup.strip_prefix(&mount.root).ok()?;
    // Joined to nothing it would end with a slash.
    let found = mount.point.join(below).components().collect();
    (mount.filesystem == "cgroup2").then_some(found)
}

/// The processes of a cgroup. A threaded one keeps its list to itself, and shows that of its threads.
fn members(directory: &Path) -> Vec<i32> {
    let read = |file| fs::read_to_string(directory.join(file));
    let numbers = |list: &str| list.lines().flat_map(str::parse).collect::<Vec<i32>>();
    match read("cgroup.procs") {
        Ok(processes) => numbers(&processes),
        Err(_) => {
            let threads = read("cgroup.threads").unwrap_or_default();
            numbers(&threads)
                .into_iter()
                .filter_map(process_of)
                .collect()
        }
    }
}

/// The process that a thread belongs to: `Tgid:\t1` in its status.
fn process_of(thread: i32) -> Option<i32> {
    let status = fs::read_to_string(format!("/proc/{thread}/status")).ok()?;
    let process = status.lines().find_map(|line| line.strip_prefix("Tgid:"))?;
    process.trim().parse().ok()
}

/// A directory and those below it, parents first; nothing if it is not there.
fn tree(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else {
        return Vec::new();
    };
    let inner = entries
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let mut found = vec![directory.to_owned()];
    found.extend(inner.flat_map(|entry| tree(&entry.path())));
    found
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::print_stdout,
        reason = "a test says on standard output why it was skipped"
    )]

    use std::process::Command;

    use super::*;

    #[test]
    fn a_cgroup_is_found_below_a_mount_that_shows_it() {
        let mount = |root: &str, filesystem: &str| mounts::Mount {
            point: "/sys/fs/cgroup".into(),
            root: root.into(),
            filesystem: filesystem.to_owned(),
        };
        let unit = Path::new("/system.slice/x.service");

        let whole = directory(&mount("/", "cgroup2"), unit);
        let part = directory(&mount("/system.slice/x.service", "cgroup2"), unit);

        assert_eq!(whole, Some("/sys/fs/cgroup/system.slice/x.service".into()));
        assert_eq!(part, Some("/sys/fs/cgroup".into()));
        assert_eq!(directory(&mount("/user.slice", "cgroup2"), unit), None);
        assert_eq!(directory(&mount("/", "cgroup"), unit), None);
    }

    /// The hierarchy of version 2, if this process may make groups in it.
    fn hierarchy() -> Option<PathBuf> {
        let own = own()?;
        let mounts = mounts::list().unwrap();
        let mut found = mounts.iter().filter_map(|mount| directory(mount, &own));
        found.find(|place| {
            let trial = place.join(format!("{PREFIX}trial{}", std::process::id()));
            fs::create_dir(&trial).is_ok() && fs::remove_dir(&trial).is_ok()
        })
    }

    #[test]
    fn processes_of_threaded_groups_are_killed_too() {
        let Some(place) = hierarchy() else {
            println!("skipped: there is no hierarchy of version 2 to make groups in");
            return;
        };
        let name = format!("{PREFIX}threaded{}", std::process::id());
        let inner = place.join(&name).join("threads");
        fs::create_dir_all(&inner).unwrap();
        let mut child = Command::new("sleep").arg("1000").spawn().unwrap();
        // A threaded group takes threads of processes of the group above it.
        fs::write(
            place.join(&name).join("cgroup.procs"),
            child.id().to_string(),
        )
        .unwrap();
        fs::write(inner.join("cgroup.type"), "threaded").unwrap();
        fs::write(inner.join("cgroup.threads"), child.id().to_string()).unwrap();
        assert!(fs::read_to_string(inner.join("cgroup.procs")).is_err());
        let group = Group::named(&name, None).unwrap();

        let sought = members(&inner);
        group.kill();
        child.wait().unwrap();

        assert_eq!(sought, [child.id().cast_signed()]);
        assert_eq!(group.remove(), None);
        assert!(!place.join(&name).exists());
    }
}
