//! A meter: how far work on bytes is, for whoever looks.
//!
//! Reads and writes: nothing.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How far work is. Clones are the same one.
#[derive(Debug, Clone, Default)]
pub struct Meter(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    expected: AtomicU64,
    done: AtomicU64,
}

impl Meter {
    /// How many bytes are done by now, and how many there are to do, so far as known.
    #[must_use]
    pub fn read(&self) -> (u64, u64) {
        let done = self.0.done.load(Ordering::Relaxed);
        (done, self.0.expected.load(Ordering::Relaxed).max(done))
    }

    /// So many more are to be done.
    pub(crate) fn expect(&self, bytes: u64) {
        self.0.expected.fetch_add(bytes, Ordering::Relaxed);
    }

    /// So many more are done.
    pub(crate) fn advance(&self, bytes: u64) {
        self.0.done.fetch_add(bytes, Ordering::Relaxed);
    }

    /// A reader or a writer that advances by what goes through it.
    pub(crate) fn metered<T>(&self, inner: T) -> Metered<'_, T> {
        Metered { inner, meter: self }
    }
}

/// A stream whose bytes are counted.
pub(crate) struct Metered<'meter, T> {
    inner: T,
    meter: &'meter Meter,
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(bytes)?;
        self.meter.advance(read as u64);
        Ok(read)
    }
}

impl<W: Write> Write for Metered<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.meter.advance(written as u64);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
