//! The queue of requests: what the daemon wants and no reader has taken.
//!
//! It may hold every file of a tree: the daemon asks for all of them at once, and an id is four bytes. It holds no more than
//! that: of more requests than entries one asks for the same entry again, or for none, and a reader that meets it ends the
//! transfer.
//!
//! Reads and writes: nothing.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Ids that wait for a reader, first come first served.
#[derive(Debug, Default)]
pub(super) struct Requests {
    state: Mutex<Pending>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Pending {
    ids: VecDeque<u32>,
    /// How many entries were listed, and how many requests have come.
    offered: u64,
    asked: u64,
    closed: bool,
}

impl Requests {
    /// Counts an entry that is about to be listed.
    pub(super) fn offer(&self) {
        self.lock().offered += 1;
    }

    /// Adds a request; those past the first that cannot be honest are forgotten.
    pub(super) fn push(&self, id: u32) {
        let mut state = self.lock();
        if state.asked > state.offered {
            return;
        }
        state.asked += 1;
        state.ids.push_back(id);
        drop(state);
        self.changed.notify_one();
    }

    /// Ends the queue: whatever is in it is not wanted any more.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// The next request; calls `idle` once before it waits for one. `None` when the queue is closed.
    pub(super) fn next(&self, idle: impl FnOnce()) -> Option<u32> {
        let mut state = self.lock();
        if state.ids.is_empty() && !state.closed {
            drop(state);
            idle();
            state = self.lock();
        }
        let mut state = self
            .changed
            .wait_while(state, |state| state.ids.is_empty() && !state.closed)
            .unwrap_or_else(PoisonError::into_inner);
        if state.closed {
            return None;
        }
        state.ids.pop_front()
    }

    fn lock(&self) -> MutexGuard<'_, Pending> {
        // Nothing is done under this lock that could panic half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
