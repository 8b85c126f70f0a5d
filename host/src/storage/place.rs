//! What stands where in a daemon's root.
//!
//! Reads and writes: nothing. Source: BuildKit, `worker/runc`.

use std::ffi::OsStr;
use std::path::Path;

/// Where blobs are kept that came from the daemon: what is known of them is worth as much as the daemon's own cache.
pub(crate) const KEPT: &str = "kept-blobs";

/// Where the programs of steps of our own are, by version.
pub(crate) const PROGRAMS: &str = "programs";

/// How the directory of a worker begins; the end is that of its snapshotter.
pub(crate) const WORKER: &str = "runc-";

/// Where blobs stand in the directory that is theirs.
const BLOBS: &str = "blobs/sha256";

/// What a part of a root is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The file systems of steps and contexts.
    Snapshots,
    /// Blobs that the daemon pulled or made.
    Content,
    /// Blobs that came from the daemon.
    Kept,
    /// Programs of steps of our own.
    Programs,
    /// Databases, logs and whatever else.
    Other,
}

impl Place {
    /// Where a path is, relative to the root; of a blob, its name.
    pub(super) fn of(path: &Path) -> (Self, Option<&OsStr>) {
        if let Ok(below) = path.strip_prefix(KEPT) {
            return (Self::Kept, blob(below));
        }
        if path.starts_with(PROGRAMS) {
            return (Self::Programs, None);
        }
        let mut names = path.iter();
        let top = names.next().unwrap_or_default();
        if !top.as_encoded_bytes().starts_with(WORKER.as_bytes()) {
            return (Self::Other, None);
        }
        match names.next().and_then(OsStr::to_str) {
            Some("snapshots") => (Self::Snapshots, None),
            Some("content") => (Self::Content, blob(names.as_path())),
            _ => (Self::Other, None),
        }
    }
}

fn blob(below: &Path) -> Option<&OsStr> {
    let name = below.strip_prefix(BLOBS).ok()?;
    (name.iter().count() == 1).then_some(name.as_os_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_tell_what_they_are_for() {
        let of = |path: &'static str| Place::of(Path::new(path));
        let blob = Some(OsStr::new("abc"));

        assert_eq!(of("kept-blobs/blobs/sha256/abc"), (Place::Kept, blob));
        assert_eq!(of("kept-blobs/stamps/abc.1"), (Place::Kept, None));
        assert_eq!(
            of("runc-overlayfs/content/blobs/sha256/abc"),
            (Place::Content, blob)
        );
        assert_eq!(
            of("runc-native/snapshots/snapshots/1/fs/content"),
            (Place::Snapshots, None)
        );
        assert_eq!(of("programs/abc/courier"), (Place::Programs, None));
        for other in [
            "",
            "programs-too",
            "cache.db",
            "runc-overlayfs/metadata_v2.db",
            "content/x",
        ] {
            assert_eq!(of(other), (Place::Other, None), "{other}");
        }
    }
}
