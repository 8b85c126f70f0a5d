//! The state of one call of the planner: its world, its workspace, what that answered.
//!
//! Every function of the workspace begins with a charge to the ledger.

use wasmtime::ResourceLimiter;

use super::answers::Answers;
use super::bindings::workspace as contract;
use super::ledger::Ledger;
use super::limits::{Limit, Limits};
use super::wasi::{HasWorld, World};
use super::workspace::{Entry, FileError, TEXT_LIMIT, Workspace};

/// The store's data.
pub(super) struct Sandbox {
    memory: usize,
    workspace: Box<dyn Workspace>,
    ledger: Ledger,
    world: World,
    answers: Answers,
}

impl Sandbox {
    pub(super) fn new(limits: Limits, workspace: Box<dyn Workspace>) -> Self {
        let ledger = Ledger::new(limits);
        Self {
            memory: limits.memory,
            workspace,
            world: World::new(&ledger),
            ledger,
            answers: Answers::default(),
        }
    }

    /// The end of what the planner printed.
    pub(super) fn stderr(&self) -> String {
        self.ledger.stderr()
    }

    /// What the planner was told.
    pub(super) fn answers(&self) -> &Answers {
        &self.answers
    }

    pub(super) fn into_answers(self) -> Answers {
        self.answers
    }
}

impl HasWorld for Sandbox {
    fn world(&mut self) -> &mut World {
        &mut self.world
    }
}

impl contract::Host for Sandbox {
    fn read_text(&mut self, path: String) -> wasmtime::Result<Result<String, contract::FileError>> {
        self.ledger.charge(path.len())?;
        let read = |path: &str| match self.workspace.read_text(path) {
            // No workspace need be trusted to keep the limit that the planner is told of.
            Ok(text) if text.len() as u64 > TEXT_LIMIT => Err(FileError::TooLarge(TEXT_LIMIT)),
            answer => answer,
        };
        let answer = self.answers.text(path, read);
        if let Ok(text) = &answer {
            self.ledger.charge(text.len())?;
        }
        Ok(answer.map_err(Into::into))
    }

    fn entry_at(
        &mut self,
        path: String,
    ) -> wasmtime::Result<Result<contract::Entry, contract::FileError>> {
        self.ledger.charge(path.len())?;
        let answer = self
            .answers
            .entry(path, |path| self.workspace.entry_at(path));
        Ok(answer.map(Into::into).map_err(Into::into))
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
