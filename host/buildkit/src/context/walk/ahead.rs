//! What runs ahead of the ordered listing: threads that read directories and examine entries.
//!
//! The tree is cut into parts: the entries of a directory, or a run of them where there are many. A part is made by
//! whoever comes first: a thread that looks ahead, the next part in the order of the listing first; or whoever needs it
//! now. So the listing never waits for the bound on what is held in memory, which holds back only those ahead.
//!
//! Reads: names and metadata below the root. Writes: nothing. Unknown here: the order across parts (`walk`).

use std::os::fd::{AsFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
#[cfg(test)]
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::{io, mem, thread};

use rustix::fs::{AtFlags, FileType, statat};
use rustix::io::Errno;

use crate::context::walk::entry::{Entry, Kind, Place};
use crate::context::walk::error::{PATH_LIMIT, WalkError};
use crate::context::walk::filter::{Entered, Filter, Scope};
use crate::context::walk::part::{Candidate, Directory, Item, Made, Open, Part, Task, lock};
use crate::context::walk::root::{Root, is_gone, read_names};

/// Threads that look ahead.
const THREADS: usize = 3;
/// How much may be examined and not yet handed over before those threads pause, in bytes.
// About 8,000 entries without attributes.
const AHEAD: usize = 2 << 20;
/// How many entries of one directory make a part.
const RUN: usize = 1024;
/// How much makes one, in bytes: an entry may have attributes of some megabytes.
const WEIGHT: usize = 1 << 20;

/// The parts of one walk, and the threads' list of those to be made.
pub(super) struct Ahead<'a> {
    root: &'a Root,
    filter: &'a Filter,
    top: Arc<Part>,
    queue: Mutex<Queue>,
    work: Condvar,
}

#[derive(Default)]
struct Queue {
    /// The next part in the order of the listing is the last here.
    parts: Vec<Arc<Part>>,
    weight_ahead: usize,
    closed: bool,
}

/// Starts the threads, and stops them when `emit` returns.
///
/// # Errors
/// Those of `emit`.
pub(super) fn run(
    root: &Root,
    filter: &Filter,
    emit: impl FnOnce(&Ahead<'_>) -> Result<(), WalkError>,
) -> Result<(), WalkError> {
    let ahead = Ahead {
        root,
        filter,
        top: Part::new(Task::List(Directory {
            path: Vec::new(),
            entered: Entered {
                shown: true,
                scope: Scope::default(),
            },
        })),
        queue: Mutex::default(),
        work: Condvar::new(),
    };
    thread::scope(|scope| {
        let _stop = Stop(&ahead);
        for _ in 0..THREADS {
            scope.spawn(|| ahead.work());
        }
        emit(&ahead)
    })
}

/// Sends the threads home, however the scope is left.
struct Stop<'a>(&'a Ahead<'a>);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        lock(&self.0.queue).closed = true;
        self.0.work.notify_all();
    }
}

impl Ahead<'_> {
    /// The part that is the root's entries.
    pub(super) fn top(&self) -> &Part {
        &self.top
    }

    /// Takes a part, and makes it where nobody has begun to; at most once for each part.
    ///
    /// # Errors
    /// What went wrong when it was made.
    pub(super) fn take(&self, part: &Part) -> Result<Vec<Item>, WalkError> {
        if let Some(task) = part.claim() {
            return self.make(task).map(|made| made.items);
        }
        part.wait().map(|made| self.handed_over(made))
    }

    fn work(&self) {
        while let Some(part) = self.next() {
            let Some(task) = part.claim() else { continue };
            let made = self.make(task);
            self.hold(made.as_ref().map_or(0, |made| made.weight));
            part.put(made);
        }
    }

    /// The next part to look at, as soon as there is one and the bound allows it; `None` at the end.
    fn next(&self) -> Option<Arc<Part>> {
        let mut queue = lock(&self.queue);
        loop {
            if queue.closed {
                return None;
            }
            if queue.weight_ahead < AHEAD
                && let Some(part) = queue.parts.pop()
            {
                return Some(part);
            }
            queue = self
                .work
                .wait(queue)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn hold(&self, weight: usize) {
        let mut queue = lock(&self.queue);
        queue.weight_ahead += weight;
        #[cfg(test)]
        MOST_HELD.fetch_max(queue.weight_ahead, Ordering::Relaxed);
    }

    fn handed_over(&self, made: Made) -> Vec<Item> {
        let mut queue = lock(&self.queue);
        let was_full = queue.weight_ahead >= AHEAD;
        queue.weight_ahead -= made.weight;
        if was_full && queue.weight_ahead < AHEAD {
            self.work.notify_all();
        }
        made.items
    }

    /// Makes a part, and puts the parts within it on the threads' list.
    fn make(&self, task: Task) -> Result<Made, WalkError> {
        let path = self.root.full_path(task.path());
        // A panic must not leave the listing waiting for this part.
        let made = catch_unwind(AssertUnwindSafe(|| match task {
            Task::List(directory) => self.list(directory),
            Task::Examine(open, candidates) => self.examine(&open, candidates),
        }))
        .unwrap_or(Err(WalkError::Broken { path }))?;
        let parts = made.items.iter().rev().filter_map(Item::part).cloned();
        let mut queue = lock(&self.queue);
        let before = queue.parts.len();
        queue.parts.extend(parts);
        if queue.parts.len() > before {
            self.work.notify_all();
        }
        Ok(made)
    }

    fn list(&self, directory: Directory) -> Result<Made, WalkError> {
        let Directory { path, entered } = directory;
        let failed = |source| WalkError::List {
            path: self.root.full_path(&path),
            source,
        };
        let descriptor = match self.root.open_directory(&path) {
            Err(error) if is_gone(&error) && !path.is_empty() => return Ok(Made::nothing()),
            // Nobody asked for it: it was to be entered only for what an exception might find there.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied && !entered.shown => {
                return Ok(Made::nothing());
            }
            opened => opened.map_err(failed)?,
        };
        let mut candidates = self.candidates(&path, &descriptor, &entered.scope)?;
        candidates.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        let open = Arc::new(Open { path, descriptor });
        if candidates.len() <= RUN {
            return self.examine(&open, candidates);
        }
        let mut items = Vec::with_capacity(candidates.len() / RUN + 1);
        while !candidates.is_empty() {
            let rest = candidates.split_off(candidates.len().min(RUN));
            let run = mem::replace(&mut candidates, rest);
            items.push(Item::More(Part::new(Task::Examine(Arc::clone(&open), run))));
        }
        Ok(Made { items, weight: 0 })
    }

    /// The names in a directory that the filter lets through, as they come.
    fn candidates(
        &self,
        path: &[u8],
        descriptor: &OwnedFd,
        scope: &Scope,
    ) -> Result<Vec<Candidate>, WalkError> {
        let mut candidates = Vec::new();
        let mut full = path.to_vec();
        if !full.is_empty() {
            full.push(b'/');
        }
        let directory = full.len();
        read_names(descriptor, |name, file_type| {
            full.truncate(directory);
            full.extend_from_slice(name);
            let entered = if is_directory(descriptor, name, file_type) {
                match self.filter.enter(&full, scope)? {
                    Some(entered) => Some(entered),
                    None => return Ok(()),
                }
            } else if self.filter.shows_file(&full, scope)? {
                None
            } else {
                return Ok(());
            };
            if full.len() > PATH_LIMIT {
                return Err(WalkError::TooLong {
                    path: self.root.full_path(&full),
                    length: full.len(),
                });
            }
            candidates.push(Candidate {
                name: name.into(),
                directory: entered,
            });
            Ok(())
        })?
        .map_err(|source| WalkError::List {
            path: self.root.full_path(path),
            source,
        })?;
        Ok(candidates)
    }

    /// Examines entries of one directory; those that would make the part too heavy are left to another.
    fn examine(&self, open: &Arc<Open>, candidates: Vec<Candidate>) -> Result<Made, WalkError> {
        let mut items = Vec::with_capacity(candidates.len());
        let mut weight = 0;
        let full_path = self.root.full_path(&open.path);
        let place = Place {
            directory: open.descriptor.as_fd(),
            path: &full_path,
        };
        let mut candidates = candidates.into_iter();
        while let Some(Candidate { name, directory }) = candidates.next() {
            let entry = Entry::examine(place, &name);
            let entry = entry.map_err(|source| self.unexamined(&open.path_of(&name), source))?;
            let Some(entry) = entry else { continue };
            weight += entry.weight();
            match directory {
                None if entry.kind != Kind::Directory => items.push(Item::File(entry)),
                Some(entered) if entry.kind == Kind::Directory => items.push(Item::Directory {
                    entry: Box::new(entry),
                    shown: entered.shown,
                    contents: Part::new(Task::List(Directory {
                        path: open.path_of(&name),
                        entered,
                    })),
                }),
                // It was replaced since its name was read: what was listed is gone.
                _ => {}
            }
            if weight >= WEIGHT && !candidates.as_slice().is_empty() {
                let rest = Task::Examine(Arc::clone(open), candidates.collect());
                items.push(Item::More(Part::new(rest)));
                break;
            }
        }
        Ok(Made { items, weight })
    }

    fn unexamined(&self, path: &[u8], source: io::Error) -> WalkError {
        let path = self.root.full_path(path);
        match Errno::from_io_error(&source) {
            Some(Errno::TOOBIG) => WalkError::Attributes { path },
            _ => WalkError::Examine { path, source },
        }
    }
}

/// The most that was held ahead, of all walks of this process.
#[cfg(test)]
static MOST_HELD: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);

#[cfg(test)]
pub(super) fn most_held() -> usize {
    MOST_HELD.load(Ordering::Relaxed)
}

/// Whether a name is a directory; asks the system where the file system does not tell with the name.
fn is_directory(descriptor: &OwnedFd, name: &[u8], file_type: FileType) -> bool {
    match file_type {
        FileType::Unknown => statat(descriptor, name, AtFlags::SYMLINK_NOFOLLOW)
            .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Directory),
        known => known == FileType::Directory,
    }
}
