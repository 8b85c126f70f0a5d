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
        // Work that began meanwhile is none that is done already.
        (done, self.0.expected.load(Ordering::Relaxed).max(done))
    }

    /// Begins work on so many bytes.
    pub(crate) fn begin(&self, bytes: u64) -> Stretch {
        self.0.expected.fetch_add(bytes, Ordering::Relaxed);
        Stretch {
            meter: self.clone(),
            left: AtomicU64::new(bytes),
        }
    }
}

/// Work on some bytes. However it ends, nothing of it is left to do when it is dropped; and nobody does more of it than there is.
#[derive(Debug)]
pub(crate) struct Stretch {
    meter: Meter,
    left: AtomicU64,
}

impl Stretch {
    /// So many more are done.
    pub(crate) fn advance(&self, bytes: u64) {
        let left = self.left.load(Ordering::Relaxed);
        let step = bytes.min(left);
        self.left.store(left - step, Ordering::Relaxed);
        self.meter.0.done.fetch_add(step, Ordering::Relaxed);
    }

    /// A reader or a writer that advances by what goes through it.
    pub(crate) fn metered<T>(&self, inner: T) -> Metered<'_, T> {
        Metered {
            inner,
            stretch: self,
        }
    }
}

impl Drop for Stretch {
    fn drop(&mut self) {
        self.advance(u64::MAX);
    }
}

/// A stream whose bytes are counted.
pub(crate) struct Metered<'stretch, T> {
    inner: T,
    stretch: &'stretch Stretch,
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(bytes)?;
        self.stretch.advance(read as u64);
        Ok(read)
    }
}

impl<W: Write> Write for Metered<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.stretch.advance(written as u64);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_to_do_of_what_has_ended_and_no_more_is_done_than_there_was() {
        let meter = Meter::default();

        let (first, second) = (meter.begin(100), meter.begin(50));
        first.advance(30);
        second.metered(io::sink()).write_all(&[0; 80]).unwrap();
        assert_eq!(meter.read(), (80, 150));
        drop(first); // as work that failed

        assert_eq!(meter.read(), (150, 150));
    }
}
