//! Snapshots that a killed daemon left: a directory was renamed, and the database does not know of it.
//!
//! The next daemon gives the same number again, finds the directory, fails, and removes it. So there is one at most, and
//! another attempt succeeds.
//!
//! Reads: where the daemon's root really is. Writes: nothing. Source: containerd v2, `plugins/snapshots/overlay` (`createSnapshot`).

use std::fs;

use crate::buildkit::solve::SolveError;
use crate::executor::host::Host;

/// Whether a solve failed for such a snapshot; the user is told then.
pub(super) fn was_left(error: &SolveError, host: &Host) -> bool {
    let SolveError::Failed {
        failure,
        cause: None,
        ..
    } = error
    else {
        return false;
    };
    // The daemon knows its root without links.
    let root = fs::canonicalize(&host.root).unwrap_or_else(|_| host.root.clone());
    let rename = format!("failed to rename: rename {}/", root.display());
    let left = failure.exit_code.is_none()
        && failure.message.contains(&rename)
        && failure.message.trim_end().ends_with(": file exists");
    if left {
        host.audience
            .warning("a killed daemon left a snapshot, which is removed: building again");
    }
    left
}
