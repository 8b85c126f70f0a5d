//! Turns: who asks for a blob that comes already waits for it, so that it comes once.
//!
//! Reads and writes: nothing.

use std::collections::HashSet;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use oci_spec::image::Digest;

/// The blobs that come now.
#[derive(Debug, Default)]
pub(super) struct Turns {
    taken: Mutex<HashSet<Digest>>,
    ended: Condvar,
}

/// The turn of one blob. Dropping it ends it.
#[derive(Debug)]
pub(super) struct Turn {
    turns: Arc<Turns>,
    digest: Digest,
}

impl Turns {
    /// Waits until nobody else has the turn of this blob. Blocking.
    pub(super) fn take(self: &Arc<Self>, digest: &Digest) -> Turn {
        let mut taken = self.taken();
        while taken.contains(digest) {
            taken = (self.ended.wait(taken)).unwrap_or_else(PoisonError::into_inner);
        }
        taken.insert(digest.clone());
        Turn {
            turns: Arc::clone(self),
            digest: digest.clone(),
        }
    }

    fn taken(&self) -> MutexGuard<'_, HashSet<Digest>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.turns.taken().remove(&self.digest);
        self.turns.ended.notify_all();
    }
}
