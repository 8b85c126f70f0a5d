//! A recorder: takes what goes wrong in an attachable, and gives the daemon its answer.
//!
//! An attachable knows its own errors, and neither those of the others nor what a session makes of them.
//!
//! Reads and writes: nothing. Unknown here: faults (`fault`).

use std::sync::Arc;

use tonic::Status;

/// Takes the errors of one attachable, each described by an `E`.
pub(crate) struct Recorder<E>(Arc<dyn Fn(E) -> Status + Send + Sync>);

impl<E> Recorder<E> {
    /// Hands each error to `keep`, which answers what the daemon is told.
    pub(crate) fn new(keep: impl Fn(E) -> Status + Send + Sync + 'static) -> Self {
        Self(Arc::new(keep))
    }

    /// Records an error, and says it in one line to the daemon.
    pub(crate) fn record(&self, error: E) -> Status {
        (self.0)(error)
    }
}

// Derived, it would ask the same of `E`.
impl<E> Clone for Recorder<E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}
