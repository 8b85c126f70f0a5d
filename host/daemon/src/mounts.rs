//! The mounts that the calling thread sees, and removal that never walks into one.
//!
//! Reads: `/proc/thread-self/mountinfo` (a thread of ours has a mount namespace of its own). Writes: unmounts and
//! removes below the given path. Source: proc(5).

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use rustix::mount::UnmountFlags;

/// A mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mount {
    /// Where it is.
    pub(super) point: PathBuf,
    /// What of its filesystem is there: a directory in it.
    pub(super) root: PathBuf,
    /// The type of its filesystem.
    pub(super) filesystem: String,
}

/// All mounts, in the order in which they were made.
pub(super) fn list() -> io::Result<Vec<Mount>> {
    let text = fs::read("/proc/thread-self/mountinfo")?;
    Ok(text
        .split(|&byte| byte == b'\n')
        .filter_map(parse)
        .collect())
}

/// The type of the file system that a path is on, by the mounts that this process sees.
#[must_use]
pub fn filesystem(path: &Path) -> Option<String> {
    let path = fs::canonicalize(path).ok()?;
    let mounts = list().ok()?;
    let above = mounts.iter().filter(|mount| path.starts_with(&mount.point));
    // Of several at one place the last counts.
    let mount = above.max_by_key(|mount| mount.point.components().count())?;
    Some(mount.filesystem.clone())
}

/// Unmounts everything at or below `path`, the last mount first. Busy mounts go when their last user does.
pub(super) fn unmount_below(path: &Path) -> io::Result<()> {
    for mount in list()?
        .iter()
        .rev()
        .filter(|mount| mount.point.starts_with(path))
    {
        rustix::mount::unmount(&mount.point, UnmountFlags::DETACH | UnmountFlags::NOFOLLOW)?;
    }
    Ok(())
}

/// Refuses a directory in which something is mounted, or that is.
pub(super) fn check_unmounted(path: &Path) -> io::Result<()> {
    if let Some(mount) = list()?
        .into_iter()
        .find(|mount| mount.point.starts_with(path))
    {
        let message = format!("`{}` is mounted", mount.point.display());
        return Err(io::Error::new(io::ErrorKind::ResourceBusy, message));
    }
    Ok(())
}

/// Removes a directory and all that is in it, unless something is mounted there: that would be emptied as well.
pub(super) fn remove_tree(path: &Path) -> io::Result<()> {
    check_unmounted(path)?;
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// A line: `36 35 98:0 /root /point options [optional ...] - filesystem source options`.
fn parse(line: &[u8]) -> Option<Mount> {
    let mut fields = line.split(|&byte| byte == b' ');
    let (root, point) = (fields.nth(3)?, fields.next()?);
    let filesystem = fields.skip_while(|field| *field != b"-").nth(1)?;
    let path = |field| PathBuf::from(OsString::from_vec(unescape(field)));
    Some(Mount {
        point: path(point),
        root: path(root),
        filesystem: String::from_utf8_lossy(filesystem).into_owned(),
    })
}

/// The kernel writes space, tab, line break and backslash as `\` and three octal digits.
fn unescape(field: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&first, tail)) = rest.split_first() {
        let octal = tail.get(..3).filter(|_| first == b'\\').and_then(octal);
        plain.push(octal.unwrap_or(first));
        rest = if octal.is_some() { &tail[3..] } else { tail };
    }
    plain
}

fn octal(digits: &[u8]) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_point_is_read_as_its_bytes() {
        let line = b"98 31 0:42 / /tmp/a\\040b\\134c\xff rw,relatime shared:1 master:2 - overlay overlay rw,lowerdir=/x";

        let mount = parse(line).unwrap();

        let point = PathBuf::from(OsString::from_vec(b"/tmp/a b\\c\xff".to_vec()));
        assert_eq!(
            mount,
            Mount {
                point,
                root: PathBuf::from("/"),
                filesystem: "overlay".to_owned()
            }
        );
    }

    #[test]
    fn the_root_and_procfs_are_among_our_mounts() {
        let mounts = list().unwrap();

        assert!(mounts.iter().any(|mount| mount.point == Path::new("/")));
        assert!(
            mounts
                .iter()
                .any(|mount| mount.point == Path::new("/proc") && mount.filesystem == "proc")
        );
    }

    #[test]
    fn a_path_is_on_the_mount_that_is_nearest_above_it() {
        assert_eq!(filesystem(Path::new("/proc/self")).as_deref(), Some("proc"));
        assert_eq!(filesystem(Path::new("/no/such/path")), None);
    }

    #[test]
    fn a_tree_with_a_mount_in_it_is_not_removed() {
        let error = remove_tree(Path::new("/proc")).unwrap_err();

        assert_eq!(error.to_string(), "`/proc` is mounted");
    }
}
