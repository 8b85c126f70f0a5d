//! Dating: whether the file system of a context dates every change, and whether what it dates was left alone for long enough.
//!
//! Two changes within one tick of the kernel's clock have one date. So what was changed a moment before a look may have been changed
//! again after it, and look the same.
//!
//! Everything here blocks. Reads: metadata. Writes: nothing. Source: inode(7); Linux, `file_update_time`; git, `racy-git`.

use std::time::Duration;

use rustix::fs::fstatfs;
use rustix::time::{ClockId, clock_gettime};

use crate::context::local::Local;
use crate::context::unknown::Unknown;
use crate::context::walk::{Entry, Inode, Kind, Root};

/// File systems of this machine that date every change, as statfs(2) has them: ext, XFS, Btrfs, F2FS, and overlays of those.
// Not tmpfs: what is written through a mapping is never dated there.
const DATING: [u64; 5] = [0xef53, 0x5846_5342, 0x9123_683e, 0xf2f5_2010, 0x794c_7630];

const SECOND: i128 = 1_000_000_000;

/// A time, in nanoseconds since 1970: what was changed then or later is too young.
#[derive(Debug, Clone, Copy)]
pub(super) struct Since(i128);

/// What a directory is itself.
pub(super) fn top(root: &Root) -> Result<Inode, Unknown> {
    Inode::of_root(root).map_err(|source| Unknown::Examine {
        path: root.full_path(b""),
        source,
    })
}

/// The dates below one directory.
#[derive(Clone, Copy)]
pub(super) struct Dating<'a> {
    root: &'a Root,
    device: u64,
    since: Since,
}

impl Since {
    /// So long ago.
    pub(super) fn before_now(margin: Duration) -> Self {
        let now = clock_gettime(ClockId::Realtime);
        let now = i128::from(now.tv_sec) * SECOND + i128::from(now.tv_nsec);
        let margin = i128::try_from(margin.as_nanos()).unwrap_or(i128::MAX);
        Self(now.saturating_sub(margin))
    }

    fn is_young(self, inode: Inode) -> bool {
        let (seconds, nanoseconds) = inode.changed;
        i128::from(seconds) * SECOND + i128::from(nanoseconds) >= self.0
    }
}

impl<'a> Dating<'a> {
    /// Those of a local, which is `root`, and is itself `top`.
    pub(super) fn of(
        local: &Local,
        root: &'a Root,
        top: Inode,
        since: Since,
    ) -> Result<Self, Unknown> {
        let path = || root.full_path(b"");
        let disk = fstatfs(&local.directory).map_err(|source| Unknown::Examine {
            path: path(),
            source: source.into(),
        })?;
        if !DATING.contains(&disk.f_type.cast_unsigned()) {
            return Err(Unknown::FileSystem { path: path() });
        }
        if since.is_young(top) {
            return Err(Unknown::Young { path: path() });
        }
        Ok(Self {
            root,
            device: top.device,
            since,
        })
    }

    /// Why changes of the entry have no dates that tell them apart; `None` if they do.
    pub(super) fn undated(&self, path: &[u8], entry: &Entry) -> Option<Unknown> {
        let path = || self.root.full_path(path);
        if entry.inode.device != self.device {
            return Some(Unknown::Mount { path: path() });
        }
        // A directory of a new file system is dated so, and has no contents but names.
        let is_whole = entry.inode.changed.1 == 0 && entry.kind != Kind::Directory;
        is_whole.then(|| Unknown::WholeSeconds { path: path() })
    }

    /// Whether the entry was changed too short a time ago.
    pub(super) fn young(&self, path: &[u8], entry: &Entry) -> Option<Unknown> {
        let is_young = self.since.is_young(entry.inode);
        is_young.then(|| Unknown::Young {
            path: self.root.full_path(path),
        })
    }
}
