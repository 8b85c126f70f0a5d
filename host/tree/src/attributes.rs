//! What an entry is beside its content: owner, mode, time, extended attributes; and what of it could not be kept.
//!
//! The order is the kernel's: a change of owner clears setuid bits and file capabilities, so the owner comes first; a
//! mode may forbid to set attributes, so it comes after them; the time is last. A file whose owner cannot be kept loses
//! its setuid and setgid bits, which would lend it the wrong user's rights. What it is already is not set again: each costs the kernel as
//! much as a small write.
//!
//! Writes: the attributes of what it is given. Unknown here: paths, streams.

use std::fmt;
use std::os::fd::BorrowedFd;
use std::path::PathBuf;

use rustix::fs::{AtFlags, Gid, Mode, Timespec, Timestamps, UTIME_OMIT, Uid, XattrFlags};
use rustix::io::Errno;

use crate::entry::Entry;
use crate::error::RootfsError;
use crate::time::Time;
use crate::tree::Place;

/// The mode of a directory that no entry describes.
const DEFAULT_DIRECTORY_MODE: Mode = Mode::from_raw_mode(0o755);

/// The mode of a file that this user alone may open.
pub(crate) const PRIVATE_FILE: Mode = Mode::RUSR.union(Mode::WUSR);

const SET_ID: Mode = Mode::SUID.union(Mode::SGID);

/// How many entries lost something, because the user or the file system does not allow to keep it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lost {
    /// Entries that belong to this user instead of their owner.
    pub owners: u64,
    /// Entries that lost setuid or setgid with their owner.
    pub set_ids: u64,
    /// Entries that lost an extended attribute.
    pub xattrs: u64,
}

impl Lost {
    /// Whether everything was kept.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            (self.owners, "owners"),
            (self.set_ids, "setuid or setgid bits"),
            (self.xattrs, "extended attributes"),
        ];
        let mut separator = "";
        for (count, what) in parts.into_iter().filter(|(count, _)| *count > 0) {
            write!(f, "{separator}{what} of {count} entries")?;
            separator = ", ";
        }
        if separator.is_empty() {
            f.write_str("nothing")
        } else {
            Ok(())
        }
    }
}

/// An attribute that cannot be set, for a reason that is not the lack of a right.
pub(crate) struct Failed {
    attribute: &'static str,
    source: Errno,
}

impl Failed {
    pub(crate) fn at(self, path: PathBuf) -> RootfsError {
        RootfsError::Attribute {
            path,
            attribute: self.attribute,
            source: self.source.into(),
        }
    }
}

/// For `map_err`.
fn failed(attribute: &'static str) -> impl FnOnce(Errno) -> Failed {
    move |source| Failed { attribute, source }
}

/// What an entry is beside its content.
pub(crate) struct Attributes {
    owner: Option<(Uid, Gid)>,
    pub(crate) mode: Mode,
    mtime: Option<Time>,
    xattrs: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Attributes {
    pub(crate) fn of(entry: Entry) -> Self {
        Self {
            owner: Some((Uid::from_raw(entry.uid), Gid::from_raw(entry.gid))),
            mode: Mode::from_raw_mode(entry.mode),
            mtime: Some(entry.mtime),
            xattrs: entry.xattrs,
        }
    }

    /// Those of a directory that only an entry below it asked for.
    pub(crate) fn of_implied_directory() -> Self {
        Self {
            owner: None,
            mode: DEFAULT_DIRECTORY_MODE,
            mtime: None,
            xattrs: Vec::new(),
        }
    }

    /// The mode with which a file is made: its own, unless something has to be done to it first that this may forbid or undo.
    pub(crate) fn first_mode(&self) -> Mode {
        if self.xattrs.is_empty() {
            self.mode.difference(SET_ID)
        } else {
            PRIVATE_FILE
        }
    }

    /// What its extended attributes take, in bytes.
    pub(crate) fn xattrs_size(&self) -> usize {
        let sizes = self.xattrs.iter();
        sizes.map(|(name, value)| name.len() + value.len()).sum()
    }

    /// Gives an open file or directory these attributes.
    pub(crate) fn apply(&self, file: BorrowedFd<'_>, lost: &mut Lost) -> Result<(), Failed> {
        let mut mode = self.mode;
        let found = rustix::fs::fstat(file).map_err(failed("owner"))?;
        if let Some((uid, gid)) = self.owner
            && (uid.as_raw(), gid.as_raw()) != (found.st_uid, found.st_gid)
        {
            self.count_owner(
                rustix::fs::fchown(file, Some(uid), Some(gid)),
                &mut mode,
                lost,
            )?;
        }
        self.apply_xattrs(file, lost)?;
        // A change of owner takes bits that lend rights, and lists of rights come with attributes.
        let is_kept = self.xattrs.is_empty() && !mode.intersects(SET_ID);
        if !is_kept || Mode::from_raw_mode(found.st_mode) != mode {
            rustix::fs::fchmod(file, mode).map_err(failed("mode"))?;
        }
        match self.timestamps() {
            Some(times) => rustix::fs::futimens(file, &times).map_err(failed("time")),
            None => Ok(()),
        }
    }

    /// Gives these attributes to what cannot be opened without following or waiting: a link (no mode), a pipe.
    pub(crate) fn apply_at(
        &self,
        place: &Place<'_>,
        mode: Option<Mode>,
        lost: &mut Lost,
    ) -> Result<(), Failed> {
        let Place { parent, name } = *place;
        let mut kept_mode = mode.unwrap_or(Mode::empty());
        if let Some((uid, gid)) = self.owner {
            let owned = rustix::fs::chownat(
                parent,
                name,
                Some(uid),
                Some(gid),
                AtFlags::SYMLINK_NOFOLLOW,
            );
            self.count_owner(owned, &mut kept_mode, lost)?;
        }
        // The kernel keeps on links and pipes only attributes that are refused for every entry.
        lost.xattrs += u64::from(!self.xattrs.is_empty());
        if mode.is_some() {
            // This call follows links. None can stand here: we made a pipe, and nobody else may enter the tree.
            rustix::fs::chmodat(parent, name, kept_mode, AtFlags::empty())
                .map_err(failed("mode"))?;
        }
        match self.timestamps() {
            Some(times) => rustix::fs::utimensat(parent, name, &times, AtFlags::SYMLINK_NOFOLLOW)
                .map_err(failed("time")),
            None => Ok(()),
        }
    }

    fn count_owner(
        &self,
        result: Result<(), Errno>,
        mode: &mut Mode,
        lost: &mut Lost,
    ) -> Result<(), Failed> {
        match result {
            Ok(()) => Ok(()),
            // PERM: not root. INVAL: root of a user namespace that has no such user.
            Err(Errno::PERM | Errno::INVAL) => {
                lost.owners += 1;
                lost.set_ids += u64::from(mode.intersects(SET_ID));
                *mode = mode.difference(SET_ID);
                Ok(())
            }
            Err(source) => Err(failed("owner")(source)),
        }
    }

    fn apply_xattrs(&self, file: BorrowedFd<'_>, lost: &mut Lost) -> Result<(), Failed> {
        let mut all_kept = true;
        for (name, value) in &self.xattrs {
            if !is_kept(name) {
                all_kept = false;
                continue;
            }
            match rustix::fs::fsetxattr(file, name.as_slice(), value, XattrFlags::empty()) {
                Ok(()) => {}
                Err(
                    Errno::PERM | Errno::OPNOTSUPP | Errno::INVAL | Errno::RANGE | Errno::TOOBIG,
                ) => all_kept = false,
                Err(source) => {
                    return Err(failed("extended attributes")(source));
                }
            }
        }
        lost.xattrs += u64::from(!all_kept);
        Ok(())
    }

    fn timestamps(&self) -> Option<Timestamps> {
        let mtime = self.mtime?;
        Some(Timestamps {
            last_access: Timespec {
                tv_sec: 0,
                tv_nsec: UTIME_OMIT,
            },
            last_modification: Timespec {
                tv_sec: mtime.seconds,
                tv_nsec: mtime.nanoseconds.into(),
            },
        })
    }
}

/// Whether an extended attribute belongs to a tree, wherever that is. The others steer this machine: overlayfs would read its own as
/// redirections, and labels are the policy's to give.
#[must_use]
pub fn is_kept(name: &[u8]) -> bool {
    let ours = name.starts_with(b"user.")
        || name == b"security.capability"
        || name.starts_with(b"system.posix_acl_");
    ours && !name.starts_with(b"user.overlay.") && !name.contains(&0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_lost_reads_as_a_list() {
        let lost = Lost {
            owners: 12,
            set_ids: 0,
            xattrs: 3,
        };

        assert_eq!(
            lost.to_string(),
            "owners of 12 entries, extended attributes of 3 entries"
        );
        assert_eq!(Lost::default().to_string(), "nothing");
        assert!(!lost.is_nothing());
    }

    #[test]
    fn attributes_that_steer_the_machine_are_not_kept() {
        let kept: [&[u8]; 3] = [
            b"user.note",
            b"security.capability",
            b"system.posix_acl_access",
        ];
        let refused: [&[u8]; 5] = [
            b"trusted.overlay.redirect",
            b"user.overlay.opaque",
            b"security.selinux",
            b"system.nfs4_acl",
            b"user.a\0b",
        ];

        assert!(kept.into_iter().all(is_kept));
        assert!(!refused.into_iter().any(is_kept));
    }
}
