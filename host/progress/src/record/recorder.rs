//! The recorder of a build: whoever holds it can see what happened, whatever became of the progress.
//!
//! Reads, writes: nothing. Unknown here: how events are shown.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::build_record::BuildRecord;
use super::recording::Recording;
use crate::event::Event;
use crate::trace::Trace;

/// Takes what happens in a build; its clones are the same recorder.
#[derive(Debug, Clone, Default)]
pub struct Recorder(Arc<Mutex<Recording>>);

impl Recorder {
    /// One that has heard of nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What has happened so far.
    #[must_use]
    pub fn record(&self) -> BuildRecord {
        self.lock().record()
    }

    /// Takes the Dockerfile that is built, under the name by which a person knows it.
    pub fn dockerfile(&self, name: &str, text: &[u8]) {
        self.lock().dockerfile(name, text);
    }

    /// Takes a warning of the program itself.
    pub fn warning(&self, message: &str) {
        self.lock().warning(message);
    }

    /// The build begins, or begins once more: what was recorded before is over.
    pub(crate) fn begin(&self) {
        self.lock().begin();
    }

    /// Takes events.
    pub(crate) fn accept(&self, events: &[Event], trace: &Trace) {
        if events.is_empty() {
            return;
        }
        let mut recording = self.lock();
        for event in events {
            recording.accept(event, trace);
        }
    }

    /// Takes what the trace knows beside its events.
    pub(crate) fn close(&self, trace: &Trace) {
        self.lock().close(trace);
    }

    fn lock(&self) -> MutexGuard<'_, Recording> {
        // What a panic left half-done is a line of a log.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
