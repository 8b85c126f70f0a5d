//! Whether the file systems of steps can be overlays in a directory, tried as the daemon tries it.
//!
//! The mount is made in namespaces of a thread, or of a child, that ends at once; what it is made of goes before that is told.
//!
//! Reads: `PATH`. Writes: a directory in the one that is asked about, for a moment.
//! Source: BuildKit, `cmd/buildkitd/main_oci_worker.go`; containerd, `overlayutils.SupportsOverlay`; overlayfs of the kernel's documentation.

use std::env;
use std::ffi::{CStr, CString, OsStr};
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::thread;

use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use tempfile::TempDir;

use crate::warning::Warning;
use crate::{namespaces, programs, snapshotter};

/// What an overlay is made of: all it takes is two layers below, one above, and where to work.
const PARTS: [&str; 5] = ["lower1", "lower2", "upper", "work", "merged"];
const OPTIONS: &CStr = c"lowerdir=lower2:lower1,upperdir=upper,workdir=work";
/// The same for whoever is root of a user namespace only.
const USER_OPTIONS: &CStr = c"lowerdir=lower2:lower1,upperdir=upper,workdir=work,userxattr";

/// How the file systems of steps would be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Snapshots {
    /// As overlays.
    Overlays,
    /// In a slower way, with what a build would be told.
    Slow(Warning),
    /// That cannot be told before a daemon runs.
    Untried {
        /// Why.
        reason: String,
    },
}

impl Snapshots {
    /// Tries in a directory that is there. Blocking.
    #[must_use]
    pub fn check(directory: &Path) -> Self {
        let untried = |reason: String| Self::Untried { reason };
        let is_root = rustix::process::geteuid().is_root();
        if !is_root && crate::rootless::is_restricted() {
            return untried(
                "the kernel's rules for user namespaces are another program's here".to_owned(),
            );
        }
        let place = match place(directory) {
            Ok(place) => place,
            Err(error) => return untried(error.to_string()),
        };
        let tried = if is_root {
            as_root(place.path())
        } else {
            as_user(place.path())
        };
        // The kernel leaves what its owner cannot list, and may remove.
        for inner in ["work/work", "work/index"] {
            let _ = fs::remove_dir(place.path().join(inner));
        }
        if let Err(error) = place.close() {
            return untried(error.to_string());
        }
        match tried {
            Ok(Ok(())) => Self::Overlays,
            Ok(Err(_)) => Self::slow(directory),
            Err(error) => untried(error.to_string()),
        }
    }

    fn slow(directory: &Path) -> Self {
        let path = env::var_os("PATH").unwrap_or_default();
        let has_fuse = programs::on_path(OsStr::new("fuse-overlayfs"), &path).is_some();
        let way = if has_fuse { "fuse-overlayfs" } else { "native" };
        snapshotter::slow(way, directory).map_or(Self::Overlays, Self::Slow)
    }
}

/// A directory with all the parts.
fn place(directory: &Path) -> io::Result<TempDir> {
    let place = tempfile::Builder::new()
        .prefix("oci-image-trial-")
        .tempdir_in(directory)?;
    for part in PARTS {
        let mut builder = DirBuilder::new();
        builder.mode(0o700).create(place.path().join(part))?;
    }
    Ok(place)
}

/// What comes of a mount; an error where there is no place for the trial.
fn as_root(place: &Path) -> io::Result<io::Result<()>> {
    let place = place.to_owned();
    let trial = move || {
        namespaces::enter().map_err(|refused| refused.source)?;
        // The thread's alone, since its mount namespace is.
        rustix::process::chdir(&place)?;
        let mounted = mount("overlay", "merged", "overlay", MountFlags::empty(), OPTIONS);
        Ok(mounted
            .and_then(|()| unmount("merged", UnmountFlags::DETACH))
            .map_err(io::Error::from))
    };
    let trial = thread::Builder::new().spawn(trial)?;
    trial
        .join()
        .unwrap_or_else(|_panicked| Err(io::Error::other("the trial panicked")))
}

/// The same in a user namespace.
fn as_user(place: &Path) -> io::Result<io::Result<()>> {
    let place = CString::new(place.as_os_str().as_bytes())?;
    let map = |id: u32| format!("0 {id} 1");
    let users = map(rustix::process::geteuid().as_raw());
    let groups = map(rustix::process::getegid().as_raw());
    let enter = move || {
        rustix::process::chdir(place.as_c_str())?;
        namespaces::enter_as_user()?;
        // Whoever has no ID in there can make no file, and so no overlay.
        say(c"/proc/self/setgroups", "deny")?;
        say(c"/proc/self/uid_map", &users)?;
        say(c"/proc/self/gid_map", &groups)
    };
    namespaces::try_in_child(enter.clone())?;
    let flags = MountFlags::empty();
    Ok(namespaces::try_in_child(move || {
        enter()?;
        Ok(mount(
            c"overlay",
            c"merged",
            c"overlay",
            flags,
            USER_OPTIONS,
        )?)
    }))
}

/// Writes a short text to a file of the kernel's. Async-signal-safe.
fn say(file: &CStr, text: &str) -> io::Result<()> {
    let file = openat(CWD, file, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())?;
    rustix::io::write(&file, text.as_bytes())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_leaves_nothing_wherever_it_is_made() {
        let mounts = || fs::read_to_string("/proc/self/mountinfo").unwrap();
        let before = mounts();
        let directory = tempfile::tempdir().unwrap();
        let here = env::current_dir().unwrap();

        let tried = Snapshots::check(directory.path());

        assert!(
            !matches!(tried, Snapshots::Untried { .. }) || !rustix::process::geteuid().is_root()
        );
        assert_eq!(mounts(), before);
        assert_eq!(env::current_dir().unwrap(), here);
        assert!(fs::read_dir(directory.path()).unwrap().next().is_none());
    }

    #[test]
    fn a_directory_that_takes_nothing_is_no_place_for_a_trial() {
        let tried = Snapshots::check(Path::new("/proc"));

        assert!(matches!(tried, Snapshots::Untried { .. }), "{tried:?}");
    }
}
