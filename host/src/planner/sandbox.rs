//! The state of one call of the planner: what it used so far, what it printed, the files that it was shown.
//!
//! Every function of the workspace, and every write to a stream, begins with [`Ledger::charge`], so that a call without end,
//! or one that carries much, ends in an error that names the limit. What else of WASI is linked moves no bytes; fuel and
//! the wall clock bound it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wasmtime::ResourceLimiter;

use super::bindings::workspace as contract;
use super::limits::{Limit, Limits};
use super::wasi::World;
use super::workspace::{Entry, FileError, TEXT_LIMIT, Workspace};

/// How much of what the planner prints is kept: its end, in bytes.
const STDERR_KEPT: usize = 4096;

/// The store's data.
pub(super) struct Sandbox {
    memory: usize,
    workspace: Box<dyn Workspace>,
    ledger: Ledger,
    world: World,
    files: BTreeMap<String, String>,
}

impl Sandbox {
    pub(super) fn new(limits: Limits, workspace: Box<dyn Workspace>) -> Self {
        let ledger = Ledger::new(limits);
        Self {
            memory: limits.memory,
            workspace,
            world: World::new(&ledger),
            ledger,
            files: BTreeMap::new(),
        }
    }

    /// What WASI knows of this call.
    pub(super) fn world(&mut self) -> &mut World {
        &mut self.world
    }

    /// The end of what the planner printed.
    pub(super) fn stderr(&self) -> String {
        self.ledger.stderr()
    }

    /// The text of each file that the planner was shown, by the path that it asked for.
    pub(super) fn files(&self) -> &BTreeMap<String, String> {
        &self.files
    }

    pub(super) fn into_files(self) -> BTreeMap<String, String> {
        self.files
    }
}

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
    fn new(limits: Limits) -> Self {
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

    fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.entries().stderr)
            .trim()
            .to_owned()
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl contract::Host for Sandbox {
    fn read_text(&mut self, path: String) -> wasmtime::Result<Result<String, contract::FileError>> {
        self.ledger.charge(path.len())?;
        let text = match self.workspace.read_text(&path) {
            // No workspace need be trusted to keep the limit that the planner is told of.
            Ok(text) if text.len() as u64 > TEXT_LIMIT => {
                return Ok(Err(FileError::TooLarge(TEXT_LIMIT).into()));
            }
            Ok(text) => text,
            Err(error) => return Ok(Err(error.into())),
        };
        self.ledger.charge(text.len())?;
        self.files.insert(path, text.clone());
        Ok(Ok(text))
    }

    fn entry_at(
        &mut self,
        path: String,
    ) -> wasmtime::Result<Result<contract::Entry, contract::FileError>> {
        self.ledger.charge(path.len())?;
        Ok(self
            .workspace
            .entry_at(&path)
            .map(Into::into)
            .map_err(Into::into))
    }
}

impl ResourceLimiter for Sandbox {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if desired > self.memory {
            return Err(Limit::Memory(self.memory).into());
        }
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // An element of a table takes a pointer of the host's memory.
        self.memory_growing(0, desired.saturating_mul(size_of::<usize>()), None)
    }

    fn memories(&self) -> usize {
        // `memory` is the limit of one; a component that has two could take twice as much.
        1
    }
}

impl From<Entry> for contract::Entry {
    fn from(entry: Entry) -> Self {
        match entry {
            Entry::Nothing => Self::Nothing,
            Entry::File => Self::File,
            Entry::Directory => Self::Directory,
        }
    }
}

impl From<FileError> for contract::FileError {
    fn from(error: FileError) -> Self {
        match error {
            FileError::NotFound => Self::NotFound,
            FileError::NotText => Self::NotText,
            FileError::IsDirectory => Self::IsDirectory,
            FileError::TooLarge(limit) => Self::TooLarge(limit),
            FileError::Denied => Self::Denied,
            FileError::Other(reason) => Self::Other(reason),
        }
    }
}
