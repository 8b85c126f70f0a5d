//! What stands at `/sys/fs/cgroup` for the daemon, and the cgroup below which its steps are put.
//!
//! The runtime takes the name of a step's cgroup from the top of the hierarchy that it sees there. On version 2 the thread
//! that starts the daemon therefore gets a cgroup namespace, whose top is the cgroup of this process, and mounts that over
//! what is there: so the limits of a task, unit or pod are those of each step, everything of ours goes with the cgroup of
//! whoever started us, and a place that is read-only or empty does not matter. In the initial namespace such a mount would
//! set the flags of the machine's own.
//!
//! The daemon itself sits in a group of its own among those of its steps. As long as a cgroup has a populated one below it
//! and processes in it, the runtime can switch no controller on for those below: none of them becomes threaded, and
//! nothing in our cgroup has to be put back. Only in the machine's root cgroup controllers are switched on, and off again.
//!
//! Reads: the mounts, `/proc/self/cgroup`. Writes: mounts that nobody else sees; groups below our cgroup.
//! Source: cgroup_namespaces(7); Linux, `Documentation/admin-guide/cgroup-v2.rst`; runc, `libcontainer/cgroups`.

use std::collections::BTreeSet;
use std::ffi::{CString, OsStr};
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, StatVfsMountFlags};
use rustix::io::Errno;
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

use crate::cgroup::{self, PREFIX};
use crate::mounts;
use crate::namespaces::{self, Isolation};
use crate::warning::Warning;

/// Where everybody looks for cgroups.
const ROOT: &str = "/sys/fs/cgroup";

/// What statfs(2) says of a file system of cgroups of version 2.
const CGROUP2: u64 = 0x6367_7270;

/// The file of a cgroup that says which controllers are on for those in it.
const CONTROLLERS: &str = "cgroup.subtree_control";

/// The cgroup of version 2 that this process is in, as the calling thread sees it.
#[derive(Debug)]
pub(super) struct Own {
    directory: PathBuf,
    /// What another process may find it by.
    pub(super) record: Record,
}

/// A cgroup in which a daemon's group was made, kept in its private directory: for whoever tidies up after its death.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    /// As `/proc/self/cgroup` named it.
    pub(super) cgroup: PathBuf,
    /// What was on for cgroups in it.
    controllers: BTreeSet<String>,
}

/// What is found where cgroups are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hierarchies {
    /// Nothing is mounted there.
    Nothing,
    /// Hierarchies of version 1 alone.
    Version1,
    /// The same, and one of version 2 beside them.
    Hybrid,
    /// Hierarchies of version 1, or hybrid, where no step can be given a group.
    Version1ReadOnly,
    /// Version 2 alone.
    Version2,
}

/// Sees to cgroups at their usual place, where steps are ours to put into them. On version 2 that is in our own cgroup,
/// unless the configuration `names` a place for them.
pub(super) fn provide(isolation: Isolation, names: bool) -> (Option<Own>, Option<Warning>) {
    let absent = |reason: String| (None, Some(Warning::NoCgroups { reason }));
    let found = match found() {
        Ok(found) => found,
        Err(error) => return absent(error.to_string()),
    };
    match (isolation, found) {
        (Isolation::Rootlesskit, Hierarchies::Version2) => (Own::mounted(), None),
        (Isolation::Namespaces, Hierarchies::Version2) if !names => match Own::in_namespace() {
            Ok(own) => (Some(own), None),
            Err(error) => (
                None,
                Some(Warning::LimitsMissed {
                    reason: error.to_string(),
                }),
            ),
        },
        (Isolation::Namespaces, Hierarchies::Nothing) => match mount_all() {
            Ok(own) => (own, None),
            Err(error) => absent(error.to_string()),
        },
        (Isolation::Namespaces, Hierarchies::Version1ReadOnly) => {
            // Steps of a user namespace do without groups: what is refused here was no loss so far.
            let _ = mount_version1(&hierarchies().unwrap_or_default());
            (None, None)
        }
        (Isolation::None, Hierarchies::Nothing) => absent("nothing is mounted there".to_owned()),
        _ => (None, None),
    }
}

impl Own {
    /// Gives the calling thread a cgroup namespace, and mounts what it shows over what is there.
    fn in_namespace() -> io::Result<Self> {
        let cgroup = cgroup::own().unwrap_or_else(|| PathBuf::from("/"));
        namespaces::enter_cgroup()?;
        let mounted = || mount("cgroup2", ROOT, "cgroup2", flags(), None);
        match mounted() {
            // From the top of the hierarchy it is the file system that is there, which may still be read-only.
            Err(Errno::BUSY) => {
                mount("tmpfs", ROOT, "tmpfs", flags(), c"mode=0755")?;
                mounted()?;
            }
            mounted => mounted?,
        }
        Ok(Self::at(PathBuf::from(ROOT), cgroup))
    }

    /// Our cgroup below the mount that is there.
    fn mounted() -> Option<Self> {
        let cgroup = cgroup::own()?;
        let mounts = mounts::list().ok()?;
        let mount = mounts
            .iter()
            .rfind(|mount| mount.point == Path::new(ROOT))?;
        let directory = cgroup::directory(mount, &cgroup)?;
        Some(Self::at(directory, cgroup))
    }

    fn at(directory: PathBuf, cgroup: PathBuf) -> Self {
        let controllers = controllers(&directory);
        Self {
            directory,
            record: Record {
                cgroup,
                controllers,
            },
        }
    }

    /// Makes the group of the daemon itself, in the one of that name: the file by which a process enters it.
    pub(super) fn group(&self, name: &str) -> io::Result<File> {
        let directory = self.directory.join(name).join("daemon");
        fs::create_dir_all(&directory)?;
        File::options()
            .write(true)
            .open(directory.join("cgroup.procs"))
    }

    /// Whether groups of ours could be made in it.
    pub(super) fn takes_groups(&self) -> bool {
        let needed = Access::WRITE_OK | Access::EXEC_OK;
        rustix::fs::access(&self.directory, needed).is_ok()
    }

    /// Switches off the controllers that the runtime has switched on in our cgroup.
    pub(super) fn restore(&self) {
        self.record.restore_at(&self.directory);
    }
}

impl Record {
    /// Switches off, in that cgroup, the controllers that the runtime has switched on; nothing where it is not to be seen.
    pub(super) fn restore(&self) {
        let mounts = mounts::list().unwrap_or_default();
        for directory in mounts
            .iter()
            .filter_map(|mount| cgroup::directory(mount, &self.cgroup))
        {
            self.restore_at(&directory);
        }
    }

    /// Whether a mount shows the cgroup, or would if it were still there.
    pub(super) fn is_visible(&self) -> bool {
        let mounts = mounts::list().unwrap_or_default();
        mounts
            .iter()
            .any(|mount| cgroup::directory(mount, &self.cgroup).is_some())
    }

    fn restore_at(&self, directory: &Path) {
        let entries = fs::read_dir(directory).into_iter().flatten().flatten();
        let mut names = entries.map(|entry| entry.file_name());
        if names.any(|name| name.as_encoded_bytes().starts_with(PREFIX.as_bytes())) {
            return; // another daemon's, which needs them
        }
        for controller in controllers(directory).difference(&self.controllers) {
            // One that others use by now is busy, and stays.
            let _ = fs::write(directory.join(CONTROLLERS), format!("-{controller}"));
        }
    }

    /// Two lines: the cgroup, and the controllers.
    pub(super) fn text(&self) -> Vec<u8> {
        let mut text = self.cgroup.as_os_str().as_bytes().to_vec();
        text.push(b'\n');
        for controller in &self.controllers {
            text.extend(controller.as_bytes());
            text.push(b' ');
        }
        text
    }

    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let end = text.iter().position(|&byte| byte == b'\n')?;
        let controllers = String::from_utf8_lossy(&text[end..]);
        Some(Self {
            cgroup: PathBuf::from(OsStr::from_bytes(&text[..end])),
            controllers: words(&controllers),
        })
    }
}

fn controllers(directory: &Path) -> BTreeSet<String> {
    words(&fs::read_to_string(directory.join(CONTROLLERS)).unwrap_or_default())
}

fn words(text: &str) -> BTreeSet<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// What is there for the calling thread.
pub(super) fn found() -> io::Result<Hierarchies> {
    let mounts = mounts::list()?;
    // The type is no more than the magic number on every architecture, whatever its width.
    let is_version2 =
        rustix::fs::statfs(ROOT).is_ok_and(|disk| disk.f_type.cast_unsigned() == CGROUP2);
    let is_read_only = |point: &Path| {
        rustix::fs::statvfs(point)
            .is_ok_and(|mount| mount.f_flag.contains(StatVfsMountFlags::RDONLY))
    };
    Ok(judged(&mounts, is_version2, is_read_only))
}

/// What mounts amount to, of which the top is of version 2 or not.
fn judged(
    mounts: &[mounts::Mount],
    is_version2: bool,
    is_read_only: impl Fn(&Path) -> bool,
) -> Hierarchies {
    if !mounts.iter().any(|mount| mount.point == Path::new(ROOT)) {
        return Hierarchies::Nothing;
    }
    if is_version2 {
        return Hierarchies::Version2;
    }
    let below = |mount: &&mounts::Mount| mount.point.parent() == Some(Path::new(ROOT));
    let mut version1 = (mounts.iter().filter(below)).filter(|mount| mount.filesystem == "cgroup");
    if version1.any(|mount| is_read_only(&mount.point)) {
        return Hierarchies::Version1ReadOnly;
    }
    let mut beside = mounts.iter().filter(below);
    if beside.any(|mount| mount.filesystem == "cgroup2") {
        Hierarchies::Hybrid
    } else {
        Hierarchies::Version1
    }
}

/// Mounts the machine's hierarchies where there are none.
fn mount_all() -> io::Result<Option<Own>> {
    let hierarchies = hierarchies()?;
    if hierarchies.is_empty() {
        return Own::in_namespace().map(Some);
    }
    mount_version1(&hierarchies).map(|()| None)
}

/// Mounts all of version 1, or nothing.
fn mount_version1(hierarchies: &[Hierarchy]) -> io::Result<()> {
    mount("tmpfs", ROOT, "tmpfs", flags(), c"mode=0755")?;
    let mounted = hierarchies
        .iter()
        .try_for_each(|Hierarchy { name, options }| {
            let point = Path::new(ROOT).join(name);
            fs::create_dir(&point)?;
            Ok(mount(
                "cgroup",
                &point,
                "cgroup",
                flags(),
                options.as_c_str(),
            )?)
        });
    if mounted.is_err() {
        unmount(ROOT, UnmountFlags::DETACH)?;
    }
    mounted
}

fn flags() -> MountFlags {
    MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC
}

/// A hierarchy of version 1: its directory's name and its mount options.
#[derive(Debug, PartialEq, Eq)]
struct Hierarchy {
    name: String,
    options: CString,
}

fn hierarchies() -> io::Result<Vec<Hierarchy>> {
    Ok(version1(&fs::read_to_string("/proc/self/cgroup")?))
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
    fn what_is_mounted_tells_the_versions_apart() {
        let mount = |point: &str, filesystem: &str| mounts::Mount {
            point: point.into(),
            root: "/".into(),
            filesystem: filesystem.into(),
        };
        let top = mount("/sys/fs/cgroup", "tmpfs");
        let memory = mount("/sys/fs/cgroup/memory", "cgroup");
        let unified = mount("/sys/fs/cgroup/unified", "cgroup2");
        let judge = |mounts: &[mounts::Mount]| judged(mounts, false, |_| false);

        assert_eq!(judge(&[]), Hierarchies::Nothing);
        assert_eq!(judge(std::slice::from_ref(&memory)), Hierarchies::Nothing);
        assert_eq!(judge(&[top.clone(), memory.clone()]), Hierarchies::Version1);
        let hybrid = [top.clone(), memory, unified];
        assert_eq!(judge(&hybrid), Hierarchies::Hybrid);
        let read_only = |point: &Path| point.ends_with("memory");
        assert_eq!(
            judged(&hybrid, false, read_only),
            Hierarchies::Version1ReadOnly
        );
        assert_eq!(judged(&[top], true, |_| false), Hierarchies::Version2);
    }

    #[test]
    fn version_2_alone_has_no_hierarchy_of_version_1() {
        assert_eq!(version1("0::/system.slice/x.service\n"), []);
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let record = Record {
            cgroup: "/user.slice/a b".into(),
            controllers: words("memory cpu"),
        };

        assert_eq!(record.text(), b"/user.slice/a b\ncpu memory ");
        assert_eq!(Record::parse(&record.text()), Some(record));
        assert_eq!(Record::parse(b"/cut off"), None);
    }
}
