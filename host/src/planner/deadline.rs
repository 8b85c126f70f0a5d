//! The wall clock over one call of the planner.
//!
//! A thread waits for the end of the call or for the deadline, whichever is first, and then moves the engine's epoch, which
//! interrupts the planner wherever it is. No async runtime is needed for that.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use wasmtime::Engine;

/// Interrupts the engine's stores after a time, unless it is dropped before.
pub(super) struct Deadline {
    // Dropped, it ends the thread. Nobody waits for that: the thread holds nothing, and waiting would take longer than a
    // call of the planner.
    _call: Sender<()>,
}

impl Deadline {
    /// Starts the clock.
    pub(super) fn start(engine: &Engine, time: Duration) -> std::io::Result<Self> {
        let (call, ended) = mpsc::channel::<()>();
        let engine = engine.weak();
        thread::Builder::new()
            .name("planner-deadline".to_owned())
            .spawn(move || {
                if ended.recv_timeout(time) == Err(RecvTimeoutError::Timeout)
                    && let Some(engine) = engine.upgrade()
                {
                    engine.increment_epoch();
                }
            })?;
        Ok(Self { _call: call })
    }
}
