//! The state of one call of the planner: what it used so far, what it printed, the files that it was shown.
//!
//! Every function that the planner can call on the host begins with [`Sandbox::charge`], so that a call without end, or one
//! that carries much, ends in an error that names the limit.

use std::collections::BTreeMap;

use wasmtime::ResourceLimiter;

use super::bindings::workspace as contract;
use super::limits::{Limit, Limits};
use super::workspace::{Entry, FileError, Workspace};

/// How much of what the planner prints is kept: its end, in bytes.
const STDERR_KEPT: usize = 4096;

/// The store's data.
pub(super) struct Sandbox {
    limits: Limits,
    workspace: Box<dyn Workspace>,
    calls: u32,
    bytes: usize,
    stderr: Vec<u8>,
    files: BTreeMap<String, String>,
}

impl Sandbox {
    pub(super) fn new(limits: Limits, workspace: Box<dyn Workspace>) -> Self {
        Self {
            limits,
            workspace,
            calls: 0,
            bytes: 0,
            stderr: Vec::new(),
            files: BTreeMap::new(),
        }
    }

    /// Counts one call to the host that carries `bytes`.
    pub(super) fn charge(&mut self, bytes: usize) -> wasmtime::Result<()> {
        self.calls = self.calls.saturating_add(1);
        self.bytes = self.bytes.saturating_add(bytes);
        if self.calls > self.limits.host_calls {
            return Err(Limit::HostCalls(self.limits.host_calls).into());
        }
        if self.bytes > self.limits.host_bytes {
            return Err(Limit::HostBytes(self.limits.host_bytes).into());
        }
        Ok(())
    }

    /// Keeps the end of what the planner prints.
    pub(super) fn print(&mut self, bytes: &[u8]) {
        self.stderr.extend_from_slice(bytes);
        let excess = self.stderr.len().saturating_sub(STDERR_KEPT);
        self.stderr.drain(..excess);
    }

    /// The end of what the planner printed.
    pub(super) fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.stderr).trim().to_owned()
    }

    /// The text of each file that the planner was shown, by the path that it asked for.
    pub(super) fn files(&self) -> &BTreeMap<String, String> {
        &self.files
    }

    pub(super) fn into_files(self) -> BTreeMap<String, String> {
        self.files
    }
}

impl contract::Host for Sandbox {
    fn read_text(&mut self, path: String) -> wasmtime::Result<Result<String, contract::FileError>> {
        self.charge(path.len())?;
        let text = match self.workspace.read_text(&path) {
            Ok(text) => text,
            Err(error) => return Ok(Err(error.into())),
        };
        self.charge(text.len())?;
        self.files.insert(path, text.clone());
        Ok(Ok(text))
    }

    fn entry_at(
        &mut self,
        path: String,
    ) -> wasmtime::Result<Result<contract::Entry, contract::FileError>> {
        self.charge(path.len())?;
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
        if desired > self.limits.memory {
            return Err(Limit::Memory(self.limits.memory).into());
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
