//! How the file systems of steps are made, said where it is slow.
//!
//! The daemon takes overlay mounts where it can have them, `fuse-overlayfs` where it can have that, and copies otherwise.
//! It has a directory in its root for each way that it ever took; the one that it takes now holds a locked database.
//!
//! Reads: the daemon's root, its file system, `/proc/filesystems`. Writes: nothing.
//! Source: BuildKit, `cmd/buildkitd/main_oci_worker.go`; statfs(2), getdents(2).

use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Dir, FileType};

use crate::warning::Warning;
use oci_image_boundary::outside::shown;

/// What statfs(2) says of an overlay.
const OVERLAY: u64 = 0x794c_7630;

/// What is to be said of a root whose daemon is ready and has chosen by itself.
pub(super) fn warnings(root: &Path) -> Vec<Warning> {
    let ways = ways(root);
    let Some((used, _)) = ways.iter().find(|(_, path)| is_in_use(path)) else {
        return Vec::new();
    };
    let slow = slow(used, root);
    let unused = ways.iter().filter(|(name, _)| name != used);
    let unused = unused.map(|(_, path)| Warning::UnusedSnapshots {
        path: path.clone(),
        snapshotter: used.clone(),
    });
    slow.into_iter().chain(unused).collect()
}

/// What is to be said of a way to make the file systems of steps, in that root, if it is a slow one.
pub(super) fn slow(snapshotter: &str, root: &Path) -> Option<Warning> {
    let effect = match snapshotter {
        "native" => "each step begins with a copy of all files that it starts from",
        "fuse-overlayfs" => "every file of a step goes through a process",
        _ => return None,
    };
    Some(Warning::SlowSnapshots {
        snapshotter: snapshotter.to_owned(),
        effect,
        reason: reason(root),
    })
}

/// Each way that daemons of this root have taken, and its directory.
fn ways(root: &Path) -> Vec<(String, PathBuf)> {
    let entries = fs::read_dir(root).into_iter().flatten().flatten();
    let mut ways: Vec<(String, PathBuf)> = entries
        .filter_map(|entry| {
            let name = entry.file_name();
            let way = name.to_str()?.strip_prefix("runc-")?.to_owned();
            database(&entry.path())
                .exists()
                .then(|| (way, entry.path()))
        })
        .collect();
    ways.sort();
    ways
}

fn database(directory: &Path) -> PathBuf {
    directory.join("metadata_v2.db")
}

fn is_in_use(directory: &Path) -> bool {
    let lock = File::open(database(directory)).map(|file| file.try_lock());
    matches!(lock, Ok(Err(TryLockError::WouldBlock)))
}

/// Why there are no overlay mounts in a root.
fn reason(root: &Path) -> String {
    let root_shown = shown(root);
    // The type is no more than the magic number on every architecture, whatever its width.
    let is_overlay =
        rustix::fs::statfs(root).is_ok_and(|disk| disk.f_type.cast_unsigned() == OVERLAY);
    let filesystems = fs::read_to_string("/proc/filesystems").unwrap_or_default();
    if is_overlay {
        format!(
            "`{root_shown}` lies on an overlay, which takes no other: name a root on a disk or a volume (`--root`)"
        )
    } else if !tells_types(root) {
        format!(
            "the file system of `{root_shown}` does not tell what is a directory (xfs: make it anew with `ftype=1`)"
        )
    } else if !filesystems
        .lines()
        .any(|line| line.trim_end().ends_with("\toverlay"))
    {
        "this kernel has no overlays (as root: `modprobe overlay`)".to_owned()
    } else {
        format!(
            "the kernel refuses overlays in `{root_shown}`: name a root on another disk (`--root`)"
        )
    }
}

/// Whether a directory tells the types of its entries; one that has none tells nothing either way.
fn tells_types(directory: &Path) -> bool {
    let entries = File::open(directory).and_then(|directory| Ok(Dir::read_from(directory)?));
    let mut entries = entries.into_iter().flatten().flatten();
    let unknown = entries.any(|entry| {
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        name != "." && name != ".." && entry.file_type() == FileType::Unknown
    });
    !unknown
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A root with those ways, the first of which is in use.
    fn root(names: &[&str]) -> (tempfile::TempDir, File) {
        let root = tempfile::tempdir().unwrap();
        for name in names {
            let directory = root.path().join(format!("runc-{name}"));
            fs::create_dir(&directory).unwrap();
            fs::write(database(&directory), "").unwrap();
        }
        let used = root.path().join(format!("runc-{}", names[0]));
        let lock = File::open(database(&used)).unwrap();
        lock.lock().unwrap();
        (root, lock)
    }

    #[test]
    fn overlays_are_not_worth_a_word() {
        let (root, _lock) = root(&["overlayfs"]);

        assert_eq!(warnings(root.path()), []);
    }

    #[test]
    fn copies_are_said_and_what_they_replaced() {
        let (root, _lock) = root(&["native", "overlayfs"]);

        let warnings: Vec<String> = warnings(root.path())
            .iter()
            .map(ToString::to_string)
            .collect();

        let path = root.path().display();
        let unused = format!(
            "`{path}/runc-overlayfs` is of no use to the daemon's way of now (`native`), and can be removed"
        );
        assert!(
            warnings[0].starts_with(
                "builds are slow here, each step begins with a copy of all files that it starts from (`native`): "
            ),
            "{warnings:?}"
        );
        assert_eq!(warnings[1..], [unused]);
    }

    #[test]
    fn nothing_is_said_of_a_root_whose_daemon_is_gone() {
        let (root, lock) = root(&["native", "overlayfs"]);

        drop(lock);

        assert_eq!(warnings(root.path()), []);
    }
}
