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
//! Unknown here: what becomes of it (`identity`). Source: as of `dating`.

use std::io;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::context::dating::{Dating, Since, top};
use crate::context::local::{Local, LocalQuestion};
use crate::context::record::Record;
use crate::context::unknown::Unknown;
use crate::context::walk::{Entry, Filter, Link, Root, Visitor, walk};
use oci_image_boundary::cancel::Cancel;

/// How much older than a walk the last change must be of everything that it meets.
// A kernel's clock for files ticks every 10 ms at the slowest. The rest is for a call that is still writing what it has dated.
pub const MARGIN: Duration = Duration::from_secs(2);

/// How much of a file is read that is asked for by name, in bytes: a Dockerfile, a list of patterns.
const TEXT_LIMIT: u64 = 1 << 20;

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
        let since = Since::before_now(margin);
        let mut hash = Sha256::new();
        for question in &questions {
            let look = Look {
                root: &Root::new(question.local.directory.clone()),
                since,
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

/// A look at what one question is answered with.
#[derive(Clone, Copy)]
struct Look<'a> {
    root: &'a Root,
    since: Since,
    cancel: &'a Cancel,
}

impl Look<'_> {
    fn record(self, question: &LocalQuestion, hash: &mut Sha256) -> Result<(), Unknown> {
        let LocalQuestion { local, patterns } = question;
        let top = top(self.root)?;
        let dating = Dating::of(local, self.root, top, self.since)?;
        let mut record = Record::default();
        record.question(question);
        record.inode(top);
        for path in &patterns.follow {
            record.text(self.text(local, path)?.as_deref());
        }
        record.move_to(hash);
        let filter = Filter::new(self.root, patterns)?;
        let mut refused = None;
        let recording = Recording {
            dating,
            cancel: self.cancel,
            record,
            hash,
            refused: &mut refused,
        };
        walk(self.root, &filter, recording)?;
        refused.map_or(Ok(()), Err)
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
}

/// What becomes of a listing on its way into a hash.
struct Recording<'a> {
    dating: Dating<'a>,
    cancel: &'a Cancel,
    record: Record,
    hash: &'a mut Sha256,
    refused: &'a mut Option<Unknown>,
}

impl Recording<'_> {
    fn admit(&mut self, path: &[u8], entry: &Entry) -> ControlFlow<()> {
        *self.refused = self.refusal(path, entry);
        match self.refused {
            Some(_) => ControlFlow::Break(()),
            None => ControlFlow::Continue(()),
        }
    }

    /// Why a change of the entry could go unnoticed; `None` if it cannot.
    fn refusal(&self, path: &[u8], entry: &Entry) -> Option<Unknown> {
        if self.cancel.is_cancelled() {
            return Some(Unknown::Cancelled);
        }
        let undated = self.dating.undated(path, entry);
        undated.or_else(|| self.dating.young(path, entry))
    }
}

impl Visitor for Recording<'_> {
    fn visit(&mut self, path: &[u8], entry: &Entry, link: Link<'_>) -> ControlFlow<()> {
        self.admit(path, entry)?;
        self.record.field(path);
        self.record.inode(entry.inode);
        self.record.number(entry.modified.cast_unsigned());
        self.record.entry(entry, link);
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

#[cfg(test)]
mod tests;
