//! Room: whether the daemon failed because a disk is full. Then this machine is at fault, and not what was built.
//!
//! The daemon says so as the end of a message, where it was itself that could not write. A step whose process failed
//! says nothing that can be relied on, and may have filled a disk of its own: there only the daemon's root counts.
//!
//! Reads: how full file systems are. Writes: nothing. Unknown here: errors of our own writes, which carry their path.
//! Source: statvfs(3); Go, `syscall/zerrors_linux_amd64.go` (the texts of ENOSPC and EDQUOT).

use std::path::{Path, PathBuf};

use crate::buildkit::failure::SolveFailure;
use crate::daemon;
use crate::executor::error::BuildError;
use crate::executor::host::Host;

/// Less than this is no room for anything, in bytes.
// A full tmpfs or ext4 shows less than a block; a build that fails for want of more than this says so itself.
pub(crate) const LEAST: u64 = 64 << 10;

/// How the daemon's message ends when the system has refused it room.
const REFUSALS: [&str; 2] = ["no space left on device", "disk quota exceeded"];

/// The directory in which the daemon found no room, if that is why a solve failed.
pub(super) fn lacking(failure: &SolveFailure, host: &Host) -> Option<PathBuf> {
    if failure.exit_code.is_some() {
        return is_full(&host.root).then(|| host.root.clone());
    }
    // What was half written may be gone by now; most of what a daemon writes is in its root.
    is_refused(failure).then(|| full(host).unwrap_or_else(|| host.root.clone()))
}

/// Whether the daemon itself could not write, by what it says.
pub(super) fn is_refused(failure: &SolveFailure) -> bool {
    let message = failure.message.trim_end();
    let refused = REFUSALS.iter().any(|refusal| message.ends_with(refusal));
    refused && failure.exit_code.is_none()
}

/// The failure of a daemon that did not start, or died, with the full disk that explains it if there is one.
pub(super) fn blame(error: BuildError, host: &Host) -> BuildError {
    let died = matches!(error, BuildError::Daemon(_) | BuildError::DaemonDied(_));
    match full(host).filter(|_| died) {
        Some(directory) => BuildError::NoRoomForDaemon {
            directory,
            source: Box::new(error),
        },
        None => error,
    }
}

/// Which of the directories that the daemon writes to is on a full disk.
fn full(host: &Host) -> Option<PathBuf> {
    [host.root.clone(), daemon::temporary_directory()]
        .into_iter()
        .find(|directory| is_full(directory))
}

fn is_full(directory: &Path) -> bool {
    free(directory).is_some_and(|free| free < LEAST)
}

/// How many bytes this user can still write in a directory; none where no file can be made any more.
pub(crate) fn free(directory: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(directory).ok()?;
    // Some file systems keep blocks that root alone may use.
    let free = if rustix::process::geteuid().is_root() {
        disk.f_bfree
    } else {
        disk.f_bavail
    };
    let no_more_files = disk.f_files > 0 && disk.f_ffree == 0;
    Some(if no_more_files {
        0
    } else {
        free.saturating_mul(disk.f_frsize)
    })
}
