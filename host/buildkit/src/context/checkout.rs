//! A checkout: a context that is told by what its files hold, whatever their dates and inodes. A fresh one of the same files has the
//! identity of the one before it, and of a changed one the daemon is sent the files that differ.
//!
//! Every file is read once, by several threads, before anything is sent; `dated` holds what is sent against what was met here.
//!
//! **Why it cannot become stale.** A revert has the old identity again, so what the daemon is sent under it must be what was met:
//! - of every entry all that is sent;
//! - that no name came or went, by the inode of each directory and the time of its last change. Where that cannot be told the identity
//!   is not known, as of a fingerprint: but a tick of the kernel's clock is enough here, for a change of names is dated at once;
//! - a file by its bytes, before the daemon has the last of them.
//!
//! What differs in the listing ends the key of identities, before the listing goes on. A file that holds something else than was met ends
//! the transfer, for its time was told already; the daemon keeps nothing under the identity of one that did not end well.
//!
//! Everything here blocks. Reads: names, metadata, links and contents. Writes: nothing. Unknown here: what becomes of it.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::context::dating::{Dating, Since, top};
use crate::context::local::LocalQuestion;
use crate::context::record::Record;
use crate::context::unknown::Unknown;
use crate::context::walk::{Entry, Filter, Inode, Kind, Link, Root, Visitor, walk};
use oci_image_boundary::cancel::Cancel;

/// How long the names in a directory must have been left alone before the look, to tell whether they are after it.
const TICKS: Duration = Duration::from_millis(25);

/// Threads that read files.
const READERS: usize = 4;
/// Bytes that each of them reads at once.
const CHUNK: usize = 256 << 10;
/// Files that wait for one.
const QUEUE: usize = 256;

const SECOND: i64 = 1_000_000_000;

/// A path of a local, by a hash: a context may have a million.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct PathHash(pub(super) Short);

/// What was met at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Met {
    /// All that is sent of it but contents and times; of a directory, and of a file with several names, also which it is, and since
    /// when it is so.
    pub(super) entry: Short,
    /// What a file holds, or a link.
    pub(super) contents: Short,
    /// When it was modified, in seconds since 1970.
    pub(super) modified: i64,
    /// A second that is later than its last change.
    pub(super) later: i64,
}

/// Enough of a hash to tell what changes by itself: whoever is sent it has no say in it.
pub(super) type Short = [u8; 16];

/// A context that is told by what its files hold.
#[derive(Debug)]
pub struct Checkout {
    /// Equal only if everything is that is sent.
    pub(super) digest: [u8; 32],
    /// Of the names at the top: they tell one project from another.
    pub(super) names: [u8; 32],
    pub(super) questions: Vec<LocalQuestion>,
    pub(super) met: HashMap<PathHash, Met>,
    /// Why a change during the transfer could go unnoticed.
    pub(super) unknown: Option<Unknown>,
}

impl PathHash {
    pub(super) fn of(local: &str, path: &[u8]) -> Self {
        let mut record = Record::default();
        record.field(local.as_bytes());
        record.field(path);
        Self(short(record.hash()))
    }
}

impl Met {
    /// The entry, whose contents are not known yet.
    pub(super) fn entry(entry: &Entry, link: Link<'_>) -> Self {
        let mut record = Record::default();
        let text = match link {
            Link::Symbolic(text) => text,
            Link::None | Link::Hard(_) => b"",
        };
        // Which of its names is the first depends on what is asked for.
        let link = match link {
            Link::Hard(_) => Link::None,
            other => other,
        };
        record.entry(entry, link);
        if entry.kind == Kind::Directory || entry.is_shared() {
            record.inode(entry.inode);
        }
        let modified = entry.modified.div_euclid(SECOND);
        Self {
            entry: short(record.hash()),
            contents: short(Sha256::digest(text).into()),
            modified,
            later: modified.max(entry.inode.changed.0).saturating_add(1),
        }
    }

    /// A local itself.
    pub(super) fn top(inode: Inode) -> Self {
        let mut record = Record::default();
        record.inode(inode);
        Self {
            entry: short(record.hash()),
            contents: Short::default(),
            modified: 0,
            later: 0,
        }
    }
}

impl Checkout {
    /// Reads what the daemon would be sent.
    ///
    /// # Errors
    /// [`Unknown`], if it cannot be read.
    pub fn look(questions: Vec<LocalQuestion>, cancel: &Cancel) -> Result<Self, Unknown> {
        let since = Since::before_now(TICKS);
        let mut taken = Taken {
            hash: Sha256::new_with_prefix(b"checkout"),
            names: Sha256::new(),
            met: HashMap::new(),
            unknown: None,
        };
        for question in &questions {
            taken.answer(question, since, cancel)?;
        }
        Ok(Self {
            digest: taken.hash.finalize().into(),
            names: taken.names.finalize().into(),
            questions,
            met: taken.met,
            unknown: taken.unknown,
        })
    }
}

/// What was taken down so far.
struct Taken {
    hash: Sha256,
    names: Sha256,
    met: HashMap<PathHash, Met>,
    unknown: Option<Unknown>,
}

impl Taken {
    fn answer(
        &mut self,
        question: &LocalQuestion,
        since: Since,
        cancel: &Cancel,
    ) -> Result<(), Unknown> {
        let LocalQuestion { local, patterns } = question;
        let root = Root::new(local.directory.clone());
        let top = top(&root)?;
        self.met
            .insert(PathHash::of(&local.name, b""), Met::top(top));
        let dating = match Dating::of(local, &root, top, since) {
            Ok(dating) => Some(dating),
            Err(unknown) => {
                self.unknown.get_or_insert(unknown);
                None
            }
        };
        let mut record = Record::default();
        record.question(question);
        record.move_to(&mut self.hash);
        let filter = Filter::new(&root, patterns)?;
        let (jobs, queue) = sync_channel(QUEUE);
        let reading = Reading {
            root: &root,
            cancel,
            queue: Mutex::new(queue),
            read: Mutex::default(),
        };
        let walked = thread::scope(|scope| {
            for _ in 0..READERS {
                scope.spawn(|| reading.run());
            }
            let meeting = Meeting {
                local: &local.name,
                dating,
                cancel,
                taken: self,
                jobs,
                files: 0,
            };
            walk(&root, &filter, meeting)
        });
        walked?;
        cancel.check().map_err(|_| Unknown::Cancelled)?;
        self.take(
            reading
                .read
                .into_inner()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    /// Takes down what files hold.
    fn take(&mut self, read: ReadFiles) -> Result<(), Unknown> {
        if let Some(failure) = read.failure {
            return Err(failure);
        }
        let mut files = read.files;
        files.sort_unstable_by_key(|file| file.number);
        for file in files {
            self.hash.update(file.contents);
            if let Some(met) = self.met.get_mut(&file.place) {
                met.contents = short(file.contents);
            }
        }
        Ok(())
    }
}

/// What becomes of a listing.
struct Meeting<'a> {
    local: &'a str,
    dating: Option<Dating<'a>>,
    cancel: &'a Cancel,
    taken: &'a mut Taken,
    jobs: SyncSender<Job>,
    /// How many files were handed over.
    files: usize,
}

/// A file to be read.
struct Job {
    /// Its place in the listing.
    number: usize,
    place: PathHash,
    path: Vec<u8>,
}

impl Meeting<'_> {
    fn meet(&mut self, path: &[u8], entry: &Entry, link: Link<'_>) -> PathHash {
        if let (Some(dating), None) = (self.dating, &self.taken.unknown) {
            let is_directory = entry.kind == Kind::Directory;
            let young = || is_directory.then(|| dating.young(path, entry)).flatten();
            self.taken.unknown = dating.undated(path, entry).or_else(young);
        }
        let place = PathHash::of(self.local, path);
        self.taken.met.insert(place, Met::entry(entry, link));
        place
    }
}

impl Visitor for Meeting<'_> {
    fn visit(&mut self, path: &[u8], entry: &Entry, link: Link<'_>) -> ControlFlow<()> {
        if self.cancel.is_cancelled() {
            return ControlFlow::Break(());
        }
        let place = self.meet(path, entry, link);
        let mut record = Record::default();
        record.field(path);
        record.entry(entry, link);
        record.move_to(&mut self.taken.hash);
        if !path.contains(&b'/') {
            record.field(path);
            record.move_to(&mut self.taken.names);
        }
        if entry.kind != Kind::File || entry.size == 0 {
            return ControlFlow::Continue(());
        }
        self.files += 1;
        let job = Job {
            number: self.files,
            place,
            path: path.to_vec(),
        };
        match self.jobs.send(job) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }

    fn enter(&mut self, path: &[u8], directory: &Entry) -> ControlFlow<()> {
        self.meet(path, directory, Link::None);
        ControlFlow::Continue(())
    }
}

/// What the threads share that read files.
struct Reading<'a> {
    root: &'a Root,
    cancel: &'a Cancel,
    queue: Mutex<Receiver<Job>>,
    read: Mutex<ReadFiles>,
}

/// What they have read.
#[derive(Default)]
struct ReadFiles {
    files: Vec<ReadFile>,
    failure: Option<Unknown>,
}

struct ReadFile {
    number: usize,
    place: PathHash,
    contents: [u8; 32],
}

impl Reading<'_> {
    /// Takes every job, also after a failure: whoever lists must not wait for somebody who has gone.
    fn run(&self) {
        let mut buffer = vec![0; CHUNK];
        let mut files = Vec::new();
        let next = || self.queue.lock().ok().and_then(|queue| queue.recv().ok());
        while let Some(job) = next() {
            if self.is_over() {
                continue;
            }
            match self.contents(&job.path, &mut buffer) {
                Ok(contents) => files.push(ReadFile {
                    number: job.number,
                    place: job.place,
                    contents,
                }),
                Err(source) => self.fail(Unknown::Read {
                    path: self.root.full_path(&job.path),
                    source,
                }),
            }
        }
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.files.append(&mut files);
    }

    fn is_over(&self) -> bool {
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        self.cancel.is_cancelled() || read.failure.is_some()
    }

    fn fail(&self, unknown: Unknown) {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.failure.get_or_insert(unknown);
    }

    fn contents(&self, path: &[u8], buffer: &mut [u8]) -> io::Result<[u8; 32]> {
        let mut file: File = self.root.open_file(path)?;
        if !file.metadata()?.is_file() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let mut hash = Sha256::new();
        loop {
            self.cancel.check()?;
            match file.read(buffer) {
                Ok(0) => return Ok(hash.finalize().into()),
                Ok(count) => hash.update(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

pub(super) fn short(hash: [u8; 32]) -> Short {
    let first = hash.first_chunk().copied();
    first.expect("a hash has twice as many bytes")
}

#[cfg(test)]
pub(in crate::context) mod tests;
