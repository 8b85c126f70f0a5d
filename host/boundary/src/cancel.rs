//! Cancel: how work that blocks is asked to end early. A long loop looks at it between two pieces.
//!
//! A thread cannot be ended from outside; left alone it would go on reading, and keep a program from ending that waits for it.
//!
//! Reads and writes: nothing. Unknown here: who asks, and why.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether work is still wanted. A clone asks about the same work.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

/// Cancels the work when it goes: held by whoever waits for a result that nobody else wants.
#[derive(Debug)]
pub struct CancelOnDrop(Cancel);

/// Work was not finished, because nobody wants it any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it was called off")]
pub struct Cancelled;

impl Cancel {
    /// Asks for the end. May be called in a signal handler: it only stores to an atomic.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the end was asked for.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// The same for a loop of reads or writes.
    ///
    /// ```
    /// use oci_image_boundary::cancel::Cancel;
    ///
    /// let cancel = Cancel::default();
    /// assert!(cancel.check().is_ok());
    /// cancel.cancel();
    /// assert_eq!(cancel.check().unwrap_err().to_string(), "it was called off");
    /// ```
    ///
    /// # Errors
    /// [`Cancelled`], if the end was asked for.
    // Not of the kind `Interrupted`: std's own loops would try again.
    pub fn check(&self) -> io::Result<()> {
        if self.is_cancelled() {
            Err(io::Error::other(Cancelled))
        } else {
            Ok(())
        }
    }

    /// What cancels this work when it is dropped.
    #[must_use]
    pub fn on_drop(&self) -> CancelOnDrop {
        CancelOnDrop(self.clone())
    }
}

impl CancelOnDrop {
    /// What it cancels, for whoever does so before.
    #[must_use]
    pub fn cancel(&self) -> &Cancel {
        &self.0
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}
