//! What a build without root needs of this machine, checked before anything starts.
//!
//! Everything that is missing is said at once, with what to do: rootlesskit would report one cause at a time, in words
//! of its own.
//!
//! Reads: `/etc/passwd`, `/etc/subuid`, `/etc/subgid`, `/etc/nsswitch.conf`, `/proc/sys`, `PATH`, the mounts below
//! `/proc`. Writes: nothing. Source: user_namespaces(7), subuid(5), rootlesskit's documentation.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::StatVfsMountFlags;

use crate::error::DaemonError;
use crate::lack::Lack;
use crate::warning::Warning;
use crate::{mounts, namespaces, programs};

/// Checks this machine for the current user.
pub(super) fn check() -> Result<(), DaemonError> {
    let user = rustix::process::geteuid().as_raw();
    let path = env::var_os("PATH").unwrap_or_default();
    let mut lacks = lacks(Path::new("/"), user, &path);
    if lacks.is_empty() {
        lacks.extend(refusal());
    }
    if lacks.is_empty() {
        Ok(())
    } else {
        Err(DaemonError::Rootless { lacks })
    }
}

/// What a build without root has to do without.
#[must_use]
pub fn rootless_warnings() -> Vec<Warning> {
    let mask = procfs_mask();
    mask.map(|mask| Warning::NoProcessSandbox { mask })
        .into_iter()
        .collect()
}

/// What hides a part of `/proc` here, as container runtimes do: the kernel lets no user namespace mount it afresh then.
fn procfs_mask() -> Option<PathBuf> {
    // Directories that the kernel keeps empty, so that a mount hides nothing.
    let harmless = ["/proc", "/proc/sys/fs/binfmt_misc", "/proc/fs/nfsd"].map(Path::new);
    let mounts = mounts::list().unwrap_or_default();
    let mut points = mounts.into_iter().map(|mount| mount.point);
    points.find(|point| point.starts_with("/proc") && !harmless.contains(&point.as_path()))
}

fn lacks(machine: &Path, user: u32, path: &OsStr) -> Vec<Lack> {
    let mut lacks = Vec::new();
    for (file, setting, value) in [
        (
            "proc/sys/user/max_user_namespaces",
            "user.max_user_namespaces",
            28633,
        ),
        (
            "proc/sys/kernel/unprivileged_userns_clone",
            "kernel.unprivileged_userns_clone",
            1,
        ),
    ] {
        if read(&machine.join(file)).trim() == "0" {
            lacks.push(Lack::UserNamespaces { setting, value });
        }
    }
    for program in ["newuidmap", "newgidmap"] {
        match programs::on_path(OsStr::new(program), path) {
            None => lacks.push(Lack::IdMapper { program }),
            Some(path) if !gives_powers(&path) => lacks.push(Lack::IdMapperPowers { path }),
            Some(_) => {}
        }
    }
    if status_says(&read(&machine.join("proc/self/status")), "NoNewPrivs", "1") {
        lacks.push(Lack::NewPrivileges);
    }
    lacks.extend(missing_ranges(machine, user));
    lacks
}

/// Whether whoever runs that file gets what its owner may, or its capabilities.
fn gives_powers(program: &Path) -> bool {
    let setuid = fs::metadata(program).is_ok_and(|file| file.mode() & 0o4000 != 0);
    let capable = || rustix::fs::getxattr(program, c"security.capability", &mut [0; 64]).is_ok();
    let nosuid = rustix::fs::statvfs(program)
        .is_ok_and(|mount| mount.f_flag.contains(StatVfsMountFlags::NOSUID));
    (setuid || capable()) && !nosuid
}

/// A line of `/proc/self/status`: `NoNewPrivs:\t1`.
fn status_says(status: &str, name: &str, value: &str) -> bool {
    let mut fields = status.lines().filter_map(|line| line.split_once(':'));
    fields.any(|(field, said)| field == name && said.trim() == value)
}

/// Why the kernel gives a child of ours no user namespace in which it may mount.
fn refusal() -> Option<Lack> {
    // There the program decides, and rootlesskit may be allowed what we are not.
    if is_restricted() {
        return None;
    }
    let error = namespaces::try_in_child(namespaces::enter_as_user).err()?;
    Some(Lack::Refused {
        reason: error.to_string(),
    })
}

/// Whether AppArmor says which programs may have user namespaces.
pub(super) fn is_restricted() -> bool {
    let setting = Path::new("/proc/sys/kernel/apparmor_restrict_unprivileged_userns");
    read(setting).trim() == "1"
}

fn missing_ranges(machine: &Path, user: u32) -> Vec<Lack> {
    let nsswitch = read(&machine.join("etc/nsswitch.conf"));
    if nsswitch
        .lines()
        .any(|line| line.trim_start().starts_with("subid:"))
    {
        return Vec::new(); // the ranges may come from elsewhere: rootlesskit asks there
    }
    let id = user.to_string();
    let name = name_of(&read(&machine.join("etc/passwd")), &id).or_else(|| env::var("USER").ok());
    let name = name.unwrap_or_else(|| id.clone());
    let files = [
        ("etc/subuid", "/etc/subuid", "--add-subuids"),
        ("etc/subgid", "/etc/subgid", "--add-subgids"),
    ];
    let missing = files
        .into_iter()
        .filter(|(path, ..)| !has_range(&read(&machine.join(path)), &[&name, &id]));
    missing
        .map(|(_, file, option)| Lack::SubordinateIds {
            file,
            option,
            user: name.clone(),
        })
        .collect()
}

/// `name:password:uid:...`.
fn name_of(passwd: &str, id: &str) -> Option<String> {
    let line = passwd
        .lines()
        .find(|line| line.split(':').nth(2) == Some(id))?;
    line.split(':').next().map(str::to_owned)
}

/// `owner:start:count`, the owner as name or ID.
fn has_range(ranges: &str, owners: &[&str]) -> bool {
    ranges.lines().any(|line| {
        let mut fields = line.trim().split(':');
        let owner = fields.next().is_some_and(|owner| owners.contains(&owner));
        owner
            && fields
                .nth(1)
                .and_then(|count| count.parse::<u64>().ok())
                .is_some_and(|count| count > 0)
    })
}

/// A file's text, or none: a file that is missing or unreadable grants and forbids nothing.
fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn machine(files: &[(&str, &str)]) -> tempfile::TempDir {
        let machine = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = machine.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o4755)).unwrap();
        }
        machine
    }

    const MAPPERS: [(&str, &str); 2] = [("bin/newuidmap", ""), ("bin/newgidmap", "")];

    #[test]
    fn a_machine_that_is_set_up_lacks_nothing() {
        let ranges = [
            ("etc/passwd", "u:x:1234:1:::\n"),
            ("etc/subuid", "u:100000:65536\n"),
            ("etc/subgid", "1234:1:9\n"),
        ];
        let machine = machine(&[&MAPPERS[..], &ranges].concat());

        assert_eq!(
            lacks(machine.path(), 1234, machine.path().join("bin").as_os_str()),
            []
        );
    }

    #[test]
    fn everything_that_is_missing_is_said_at_once() {
        let files = [
            ("proc/sys/user/max_user_namespaces", "0\n"),
            ("etc/passwd", "root:x:0:0:::\nbuilder:x:1234:1:::\n"),
            ("etc/subuid", "other:100000:65536\nbuilder:100000:0\n"),
        ];
        let machine = machine(&[&MAPPERS[..], &files].concat());

        let error = DaemonError::Rootless {
            lacks: lacks(machine.path(), 1234, machine.path().join("bin").as_os_str()),
        };

        assert_eq!(
            error.to_string(),
            "a build without root lacks user namespaces (as root: `sysctl -w user.max_user_namespaces=28633`); a range \
             for user `builder` in `/etc/subuid` (as root: `usermod --add-subuids 100000-165535 builder`); a range for \
             user `builder` in `/etc/subgid` (as root: `usermod --add-subgids 100000-165535 builder`)"
        );
    }

    #[test]
    fn ranges_that_may_come_from_elsewhere_are_left_to_rootlesskit() {
        let machine = machine(
            &[
                &MAPPERS[..],
                &[("etc/nsswitch.conf", "passwd: files\nsubid: sss\n")],
            ]
            .concat(),
        );

        assert_eq!(
            lacks(machine.path(), 1234, machine.path().join("bin").as_os_str()),
            []
        );
    }
}
