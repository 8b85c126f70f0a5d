//! The cgroups of a daemon's steps: one directory in every hierarchy, named like the daemon's private directory.
//!
//! The name is the daemon's alone, so that what is in it may be killed and removed. Version 1, version 2 and both at
//! once (hybrid) are the same here: some hierarchies, each mounted somewhere, each with directories.
//!
//! Reads: the mounts, `/proc/self/cgroup`. Writes: removes the group's directories; mounts hierarchies where there are
//! none. Source: cgroups(7); Linux, `Documentation/admin-guide/cgroup-v2.rst`.

use std::ffi::CString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::mount::{MountFlags, mount};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::{Warning, mounts, namespaces};

/// Where everybody looks for cgroups.
const ROOT: &str = "/sys/fs/cgroup";

/// How long killed steps may take to be gone.
const KILL_DEADLINE: Duration = Duration::from_secs(2);

/// The directories of one name below every mounted hierarchy.
#[derive(Debug)]
pub(super) struct Group {
    directories: Vec<PathBuf>,
}

impl Group {
    /// The group of that name, whether it is there or not.
    pub(super) fn named(name: &str) -> io::Result<Self> {
        let hierarchies = mounts::list()?
            .into_iter()
            .filter(|mount| mount.filesystem.starts_with("cgroup"));
        Ok(Self {
            directories: hierarchies.map(|mount| mount.point.join(name)).collect(),
        })
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
        let lists = directories
            .filter_map(|directory| fs::read_to_string(directory.join("cgroup.procs")).ok());
        let mut processes: Vec<i32> = lists
            .flat_map(|list| list.lines().flat_map(str::parse).collect::<Vec<_>>())
            .collect();
        processes.sort_unstable();
        processes.dedup();
        processes.into_iter().filter_map(Pid::from_raw).collect()
    }
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

/// Whether anything is mounted where cgroups are looked for.
pub(super) fn is_mounted() -> io::Result<bool> {
    Ok(mounts::list()?
        .iter()
        .any(|mount| mount.point == Path::new(ROOT)))
}

/// Mounts the machine's hierarchies at `/sys/fs/cgroup`; only sensible in a mount namespace of our own.
pub(super) fn mount_all() -> io::Result<()> {
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    let hierarchies = version1(&fs::read_to_string("/proc/self/cgroup")?);
    if hierarchies.is_empty() {
        return Ok(mount("cgroup2", ROOT, "cgroup2", flags, None)?);
    }
    mount("tmpfs", ROOT, "tmpfs", flags, c"mode=0755")?;
    for Hierarchy { name, options } in hierarchies {
        let point = Path::new(ROOT).join(name);
        fs::create_dir(&point)?;
        mount("cgroup", &point, "cgroup", flags, options.as_c_str())?;
    }
    Ok(())
}

/// A hierarchy of version 1: its directory's name and its mount options.
#[derive(Debug, PartialEq, Eq)]
struct Hierarchy {
    name: String,
    options: CString,
}

/// The version 1 hierarchies that are in use: lines `id:controllers:path`, without controllers for version 2.
fn version1(text: &str) -> Vec<Hierarchy> {
    let controllers = text
        .lines()
        .filter_map(|line| line.split(':').nth(1))
        .filter(|names| !names.is_empty());
    let hierarchy = |names: &str| match names.strip_prefix("name=") {
        Some(name) => Some(Hierarchy {
            name: name.to_owned(),
            options: CString::new(format!("none,{names}")).ok()?,
        }),
        None => Some(Hierarchy {
            name: names.to_owned(),
            options: CString::new(names).ok()?,
        }),
    };
    controllers.filter_map(hierarchy).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hierarchies_of_version_1_are_mounted_as_they_are_in_use() {
        let text = "3:cpu,cpuacct:/\n2:name=systemd:/user.slice\n1:memory:/\n0::/\n";

        let hierarchies = version1(text);

        let hierarchy = |name: &str, options: &str| Hierarchy {
            name: name.to_owned(),
            options: CString::new(options).unwrap(),
        };
        assert_eq!(
            hierarchies,
            [
                hierarchy("cpu,cpuacct", "cpu,cpuacct"),
                hierarchy("systemd", "none,name=systemd"),
                hierarchy("memory", "memory")
            ]
        );
    }

    #[test]
    fn version_2_alone_has_no_hierarchy_of_version_1() {
        assert_eq!(version1("0::/system.slice/x.service\n"), []);
    }
}
