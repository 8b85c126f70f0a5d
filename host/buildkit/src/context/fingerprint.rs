//! The fingerprint of a context: equal only if what the daemon was sent of it is what it would be sent now.
//!
//! It is made of the listing that each of the daemon's questions is answered with, and of what no program can set back: for every
//! entry its inode and the time of its last change, which a file has anew that was replaced together with its size and times. Files
//! that are asked for by name are in it with their bytes. No other contents are read.
//!
//! **Why it cannot become stale.** The daemon keeps under a fingerprint what it was sent some time after the walk, and the tree may
//! have changed by then. So nothing counts that a later change could leave as it is:
//!
//! - A change dates what it changes. A name that comes or goes dates its directory, and every directory that is entered is in the
//!   fingerprint: the root, and those that are not sent themselves. So a tree that was another for a moment, between the walk and
//!   the transfer or at any later time, never has the old fingerprint again: not by a revert, and not by a name that was there for
//!   that moment only.
//! - Two changes within one tick of the kernel's clock have one date (as for git's index). So whatever was changed less than
//!   [`MARGIN`] before the walk makes the context unknown, and so does a date in the future. A change after the walk is dated later
//!   then than all that is in the fingerprint.
//! - Where dates are whole seconds, or the file system is not known to keep them (one of another machine, of a program, an image
//!   that cannot be written), the context is unknown. So is one that reaches into a second file system, and one that cannot be read.
//!
//! What is left: a clock that is set back so that a change meets the very nanosecond of an older one; a program that has mapped a
//! file and goes on writing to a page for longer than [`MARGIN`] before the kernel has written that page to the disk; a volume that
//! is rolled back under a daemon that is not.
//!
//! Everything here blocks. Reads: names, metadata, links, and the files that are asked for by name. Writes: nothing.
//! Unknown here: what becomes of it (`identity`). Source: inode(7); Linux, `file_update_time`; git, `racy-git`.

use std::io;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use rustix::fs::{fstat, fstatfs};
use rustix::time::{ClockId, clock_gettime};
use sha2::{Digest, Sha256};

use crate::context::local::Local;
use crate::context::unknown::Unknown;
use crate::context::walk::{Entry, Filter, Inode, Kind, Link, Patterns, Root, Visitor, walk_with};
use oci_image_boundary::cancel::Cancel;

/// How much older than a walk the last change must be of everything that it meets.
// A kernel's clock for files ticks every 10 ms at the slowest. The rest is for a call that is still writing what it has dated.
pub const MARGIN: Duration = Duration::from_secs(2);

/// How much of a file is read that is asked for by name, in bytes: a Dockerfile, a list of patterns.
const TEXT_LIMIT: u64 = 1 << 20;

/// File systems of this machine that date every change, as statfs(2) has them: ext, XFS, Btrfs, F2FS, and overlays of those.
// Not tmpfs: what is written through a mapping is never dated there.
const DATING: [u64; 5] = [0xef53, 0x5846_5342, 0x9123_683e, 0xf2f5_2010, 0x794c_7630];

/// What the daemon asks of a local.
#[derive(Debug, Clone)]
pub struct LocalQuestion {
    /// The local.
    pub local: Local,
    /// Which entries of it.
    pub patterns: Patterns,
}

/// What some questions are answered with, and the questions.
#[derive(Debug)]
pub struct Fingerprint {
    pub(super) digest: [u8; 32],
    pub(super) questions: Vec<LocalQuestion>,
}

impl Fingerprint {
    /// Looks at what the daemon would be sent. Everything must have been left alone for as long as `margin`: [`MARGIN`], unless more
    /// is known of the file system's clock.
    ///
    /// # Errors
    /// [`Unknown`], if it cannot be told whether a later look meets the same.
    pub fn take(
        questions: Vec<LocalQuestion>,
        margin: Duration,
        cancel: &Cancel,
    ) -> Result<Self, Unknown> {
        let now = clock_gettime(ClockId::Realtime);
        let now = i128::from(now.tv_sec) * SECOND + i128::from(now.tv_nsec);
        let margin = i128::try_from(margin.as_nanos()).unwrap_or(i128::MAX);
        let mut hash = Sha256::new();
        for question in &questions {
            let look = Look {
                root: &Root::new(question.local.directory.clone()),
                since: now.saturating_sub(margin),
                cancel,
            };
            look.record(question, &mut hash)?;
        }
        Ok(Self {
            digest: hash.finalize().into(),
            questions,
        })
    }
}

const SECOND: i128 = 1_000_000_000;

/// A look at what one question is answered with.
#[derive(Clone, Copy)]
struct Look<'a> {
    root: &'a Root,
    /// What was changed at this time or later is too young, in nanoseconds since 1970.
    since: i128,
    cancel: &'a Cancel,
}

impl Look<'_> {
    fn record(self, question: &LocalQuestion, hash: &mut Sha256) -> Result<(), Unknown> {
        let LocalQuestion { local, patterns } = question;
        let top = self.top(local)?;
        let mut record = Record::default();
        record.field(local.name.as_bytes());
        for list in [&patterns.include, &patterns.exclude, &patterns.follow] {
            record.number(list.len() as u64);
            list.iter().for_each(|pattern| record.field(pattern));
        }
        record.inode(top);
        for path in &patterns.follow {
            record.text(self.text(local, path)?.as_deref());
        }
        record.move_to(hash);
        let filter = Filter::new(self.root, patterns)?;
        let mut refused = None;
        let recording = Recording {
            look: self,
            device: top.device,
            record,
            hash,
            refused: &mut refused,
        };
        walk_with(self.root, &filter, recording)?;
        refused.map_or(Ok(()), Err)
    }

    /// The directory itself.
    fn top(self, local: &Local) -> Result<Inode, Unknown> {
        let path = || self.root.full_path(b"");
        let failed = |source: rustix::io::Errno| Unknown::Examine {
            path: path(),
            source: source.into(),
        };
        let disk = fstatfs(&local.directory).map_err(failed)?;
        if !DATING.contains(&disk.f_type.cast_unsigned()) {
            return Err(Unknown::FileSystem { path: path() });
        }
        let inode = Inode::of(&fstat(&local.directory).map_err(failed)?);
        if self.is_young(inode) {
            return Err(Unknown::Young { path: path() });
        }
        Ok(inode)
    }

    /// The text of a file that is asked for by name, as the frontend finds it; `None` if it is not there.
    fn text(self, local: &Local, path: &[u8]) -> Result<Option<Vec<u8>>, Unknown> {
        let name = std::ffi::OsStr::from_bytes(path);
        match local.directory.text_as_root(name, TEXT_LIMIT) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(Unknown::Read {
                path: self.root.full_path(path),
                source,
            }),
        }
    }

    fn is_young(self, inode: Inode) -> bool {
        let (seconds, nanoseconds) = inode.changed;
        i128::from(seconds) * SECOND + i128::from(nanoseconds) >= self.since
    }

    /// Why a change of the entry could go unnoticed; `None` if it cannot.
    fn refusal(self, path: &[u8], entry: &Entry, device: u64) -> Option<Unknown> {
        let path = || self.root.full_path(path);
        if self.cancel.is_cancelled() {
            return Some(Unknown::Cancelled);
        }
        if entry.inode.device != device {
            return Some(Unknown::Mount { path: path() });
        }
        // A directory of a new file system is dated so, and has no contents but names.
        if entry.inode.changed.1 == 0 && entry.kind != Kind::Directory {
            return Some(Unknown::WholeSeconds { path: path() });
        }
        self.is_young(entry.inode)
            .then(|| Unknown::Young { path: path() })
    }
}

/// What becomes of a listing on its way into a hash.
struct Recording<'a> {
    look: Look<'a>,
    /// The device of the directory that is listed.
    device: u64,
    record: Record,
    hash: &'a mut Sha256,
    refused: &'a mut Option<Unknown>,
}

impl Recording<'_> {
    fn admit(&mut self, path: &[u8], entry: &Entry) -> ControlFlow<()> {
        *self.refused = self.look.refusal(path, entry, self.device);
        match self.refused {
            Some(_) => ControlFlow::Break(()),
            None => ControlFlow::Continue(()),
        }
    }
}

impl Visitor for Recording<'_> {
    fn visit(&mut self, path: &[u8], entry: &Entry, link: Link<'_>) -> ControlFlow<()> {
        self.admit(path, entry)?;
        self.record.entry(path, entry, link);
        self.record.move_to(self.hash);
        ControlFlow::Continue(())
    }

    fn enter(&mut self, path: &[u8], directory: &Entry) -> ControlFlow<()> {
        self.admit(path, directory)?;
        self.record.field(path);
        self.record.inode(directory.inode);
        self.record.move_to(self.hash);
        ControlFlow::Continue(())
    }
}

/// Values as bytes that stand for no other values.
#[derive(Default)]
struct Record(Vec<u8>);

impl Record {
    fn number(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn field(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    fn text(&mut self, text: Option<&[u8]>) {
        self.number(text.is_some().into());
        self.field(text.unwrap_or_default());
    }

    fn inode(&mut self, inode: Inode) {
        let Inode {
            device,
            number,
            changed: (seconds, nanoseconds),
            owner: (user, group),
        } = inode;
        let (seconds, owner) = (seconds.cast_unsigned(), [user, group].map(u64::from));
        [device, number, seconds, nanoseconds, owner[0], owner[1]]
            .into_iter()
            .for_each(|value| self.number(value));
    }

    fn entry(&mut self, path: &[u8], entry: &Entry, link: Link<'_>) {
        self.field(path);
        self.inode(entry.inode);
        let (major, minor) = entry.device;
        let device = u64::from(major) << 32 | u64::from(minor);
        [
            entry.mode.into(),
            entry.size,
            entry.modified.cast_unsigned(),
            device,
        ]
        .into_iter()
        .for_each(|value| self.number(value));
        let (kind, target) = match link {
            Link::None => (0, &[][..]),
            Link::Symbolic(target) => (1, target),
            Link::Hard(first) => (2, first),
        };
        self.number(kind);
        self.field(target);
        self.number(entry.attributes.len() as u64);
        for (name, value) in &entry.attributes {
            self.field(name);
            self.field(value);
        }
    }

    fn move_to(&mut self, hash: &mut Sha256) {
        hash.update(&self.0);
        self.0.clear();
    }
}

#[cfg(test)]
mod tests;
