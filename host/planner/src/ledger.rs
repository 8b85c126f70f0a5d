//! The ledger of one call: how often it called the host, how much that carried, and the end of what it printed.
//!
//! Every function of the workspace, and every write to a stream, begins with [`Ledger::charge`], so that a call without end,
//! or one that carries much, ends in an error that names the limit. What else of WASI is linked moves no bytes; fuel and
//! the wall clock bound it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::limits::{Limit, Limits};

/// How much of what the planner prints is kept: its end, in bytes.
const STDERR_KEPT: usize = 4096;

/// What one call of the planner used of the host, and the end of what it printed. Clones are the same ledger: the streams
/// of WASI hold one too.
#[derive(Clone)]
pub(super) struct Ledger(Arc<Mutex<Entries>>);

struct Entries {
    limits: Limits,
    calls: u32,
    bytes: usize,
    stderr: Vec<u8>,
}

impl Ledger {
    pub(super) fn new(limits: Limits) -> Self {
        Self(Arc::new(Mutex::new(Entries {
            limits,
            calls: 0,
            bytes: 0,
            stderr: Vec::new(),
        })))
    }

    /// Counts one call to the host that carries `bytes`.
    pub(super) fn charge(&self, bytes: usize) -> wasmtime::Result<()> {
        let mut entries = self.entries();
        entries.calls = entries.calls.saturating_add(1);
        entries.bytes = entries.bytes.saturating_add(bytes);
        if entries.calls > entries.limits.host_calls {
            return Err(Limit::HostCalls(entries.limits.host_calls).into());
        }
        if entries.bytes > entries.limits.host_bytes {
            return Err(Limit::HostBytes(entries.limits.host_bytes).into());
        }
        Ok(())
    }

    /// Keeps the end of what the planner prints.
    pub(super) fn print(&self, bytes: &[u8]) {
        let printed = &mut self.entries().stderr;
        printed.extend_from_slice(bytes);
        let excess = printed.len().saturating_sub(STDERR_KEPT);
        printed.drain(..excess);
    }

    /// The end of what the planner printed.
    pub(super) fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.entries().stderr)
            .trim()
            .to_owned()
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
