//! The wall clock over one call of the planner.
//!
//! A thread waits for the end of the call or for the deadline, whichever is first, and then moves the engine's epoch, which
//! interrupts the planner wherever it is. No async runtime is needed for that.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use wasmtime::Engine;

/// Interrupts the engine's stores after a time, unless it is dropped before.
pub(super) struct Deadline {
    call: Option<Sender<()>>,
    watch: Option<JoinHandle<()>>,
}

impl Deadline {
    /// Starts the clock.
    pub(super) fn start(engine: &Engine, time: Duration) -> std::io::Result<Self> {
        let (call, ended) = mpsc::channel::<()>();
        let engine = engine.clone();
        let watch = thread::Builder::new()
            .name("planner-deadline".to_owned())
            .spawn(move || {
                if ended.recv_timeout(time) == Err(RecvTimeoutError::Timeout) {
                    engine.increment_epoch();
                }
            })?;
        Ok(Self {
            call: Some(call),
            watch: Some(watch),
        })
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        drop(self.call.take());
        if let Some(watch) = self.watch.take() {
            // It only waits and counts; it cannot have panicked in a way that matters here.
            let _ = watch.join();
        }
    }
}
