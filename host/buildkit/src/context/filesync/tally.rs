//! The tally: how much a session has sent of its locals.
//!
//! Reads and writes: nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How much a session has sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sent {
    /// How often the daemon asked for a local.
    pub transfers: u64,
    /// Entries that were listed.
    pub entries: u64,
    /// Files of which the daemon wanted the contents.
    pub files: u64,
    /// What these hold, in bytes.
    pub bytes: u64,
}

/// Counts what is sent. Clones count together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    transfers: AtomicU64,
    entries: AtomicU64,
    files: AtomicU64,
    bytes: AtomicU64,
}

impl Tally {
    pub(super) fn transfer(&self) {
        self.0.transfers.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn entry(&self) {
        self.0.entries.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn file(&self, bytes: u64) {
        self.0.files.fetch_add(1, Ordering::Relaxed);
        self.0.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// What it comes to so far.
    pub(crate) fn sent(&self) -> Sent {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Sent {
            transfers: count(&self.0.transfers),
            entries: count(&self.0.entries),
            files: count(&self.0.files),
            bytes: count(&self.0.bytes),
        }
    }
}
