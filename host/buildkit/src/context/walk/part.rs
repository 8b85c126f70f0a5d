//! A part of the listing: the entries of a directory, or a run of them; made once and taken once.
//!
//! Reads and writes: nothing. Unknown here: who makes it, and when (`ahead`).

use std::mem;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::context::walk::entry::Entry;
use crate::context::walk::error::WalkError;
use crate::context::walk::filter::Entered;

/// One piece of the listing, in order.
pub(super) enum Item {
    /// Anything without entries of its own.
    File(Entry),
    Directory {
        entry: Box<Entry>,
        /// Whether it is handed over even if none of its entries is.
        shown: bool,
        contents: Arc<Part>,
    },
    /// Further items stand here.
    More(Arc<Part>),
}

/// A part of the listing, made once and taken once.
pub(super) struct Part {
    state: Mutex<State>,
    made: Condvar,
}

/// How far a part is.
enum State {
    Waiting(Task),
    InWork,
    Made(Result<Made, WalkError>),
    Taken,
}

/// The items of a part, and what it takes to hold them, in bytes.
pub(super) struct Made {
    pub(super) items: Vec<Item>,
    pub(super) weight: usize,
}

/// What is to be done for a part.
pub(super) enum Task {
    List(Directory),
    Examine(Arc<Open>, Vec<Candidate>),
}

/// A directory that is to be listed.
pub(super) struct Directory {
    pub(super) path: Vec<u8>,
    pub(super) entered: Entered,
}

/// A directory that has been opened.
pub(super) struct Open {
    pub(super) path: Vec<u8>,
    pub(super) descriptor: OwnedFd,
}

/// A name that the filter has let through.
pub(super) struct Candidate {
    pub(super) name: Box<[u8]>,
    pub(super) directory: Option<Entered>,
}

impl Made {
    /// No items, which weigh nothing.
    pub(super) fn nothing() -> Self {
        Self {
            items: Vec::new(),
            weight: 0,
        }
    }
}

impl Open {
    /// The path of an entry of it.
    pub(super) fn path_of(&self, name: &[u8]) -> Vec<u8> {
        if self.path.is_empty() {
            return name.to_vec();
        }
        [&self.path, &b"/"[..], name].concat()
    }
}

impl Part {
    /// A part that nobody has begun to make.
    pub(super) fn new(task: Task) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State::Waiting(task)),
            made: Condvar::new(),
        })
    }

    /// What is to be done for it, if nobody has begun to.
    pub(super) fn claim(&self) -> Option<Task> {
        let mut state = lock(&self.state);
        match mem::replace(&mut *state, State::InWork) {
            State::Waiting(task) => Some(task),
            other => {
                *state = other;
                None
            }
        }
    }

    /// Hands over what was made of it, to whoever waits.
    pub(super) fn put(&self, made: Result<Made, WalkError>) {
        *lock(&self.state) = State::Made(made);
        self.made.notify_one();
    }

    /// Waits for what was made of it; at most once for each part.
    ///
    /// # Errors
    /// What went wrong when it was made.
    pub(super) fn wait(&self) -> Result<Made, WalkError> {
        let mut state = lock(&self.state);
        loop {
            match mem::replace(&mut *state, State::Taken) {
                State::Made(made) => return made,
                other => *state = other,
            }
            state = self
                .made
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Item {
    /// The part that it leads to.
    pub(super) fn part(&self) -> Option<&Arc<Part>> {
        match self {
            Self::File(_) => None,
            Self::Directory { contents, .. } => Some(contents),
            Self::More(part) => Some(part),
        }
    }
}

impl Task {
    /// The directory that it is about.
    pub(super) fn path(&self) -> &[u8] {
        match self {
            Self::List(directory) => &directory.path,
            Self::Examine(open, _) => &open.path,
        }
    }
}

/// Locks; a panic elsewhere has left nothing half done, because no code of others runs under these locks.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
