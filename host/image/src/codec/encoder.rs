//! The blocks of one stream: cut, given away, and written in order.
//!
//! Reads: nothing. Writes: what it is given. Unknown here: codecs, threads.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::mem;

use super::kind::Codec;
use super::pool::{Block, Pending, Pool};

/// Compresses what is written to it, into another writer. Blocking.
///
/// The bytes depend on the codec and on what is written alone: not on threads, not on how it is cut into writes, not on
/// flushes. Several at once share the threads and the memory of their pool; each holds one block more.
///
/// Only what [`finish`](Self::finish) returned is whole. What an encoder that is dropped before has written may look so, for
/// every block is a stream of its own. After an error, which may be one of an earlier block, everything else is one too.
#[derive(Debug)]
pub struct Encoder<W> {
    codec: Codec,
    pool: Pool,
    inner: W,
    /// The block that is not full yet.
    raw: Vec<u8>,
    /// Those that were given to the pool.
    pending: VecDeque<Pending>,
    is_begun: bool,
    has_failed: bool,
}

impl<W: Write> Encoder<W> {
    /// On the threads that the process has for it.
    pub fn new(codec: Codec, inner: W) -> Self {
        Self::on(Pool::shared(), codec, inner)
    }

    /// On the threads of this pool.
    pub fn on(pool: Pool, codec: Codec, inner: W) -> Self {
        Self {
            codec,
            pool,
            inner,
            raw: Vec::new(),
            pending: VecDeque::new(),
            is_begun: false,
            has_failed: false,
        }
    }

    /// Compresses and writes what is left, and gives the writer back, which is not flushed. A stream of no bytes has one
    /// block.
    ///
    /// # Errors
    /// The writer's own.
    pub fn finish(mut self) -> io::Result<W> {
        self.unless_failed(Self::write_rest)?;
        Ok(self.inner)
    }

    fn write_rest(&mut self) -> io::Result<()> {
        let rest = self.take_block();
        if !self.is_begun {
            // No thread is faster than this one, which would wait for it.
            return self.inner.write_all(&rest.compress()?);
        }
        if !rest.raw.is_empty() {
            self.give(rest)?;
        }
        self.write_pending()
    }

    fn take_block(&mut self) -> Block {
        Block {
            codec: self.codec,
            raw: mem::take(&mut self.raw),
        }
    }

    /// Gives a block to the pool, as soon as there is a place for it.
    fn give(&mut self, mut block: Block) -> io::Result<()> {
        self.is_begun = true;
        self.write_ready()?;
        loop {
            if let Some(place) = self.pool.place() {
                match self.pool.give(block, place) {
                    Ok(pending) => {
                        self.pending.push_back(pending);
                        return Ok(());
                    }
                    Err(returned) => block = returned,
                }
            }
            match self.pending.pop_front() {
                Some(oldest) => self.inner.write_all(&oldest.wait()?.bytes)?,
                None => return self.inner.write_all(&block.compress()?),
            }
        }
    }

    /// Writes what is compressed, as far as it comes next.
    fn write_ready(&mut self) -> io::Result<()> {
        while let Some(compressed) = self.pending.front().and_then(Pending::ready) {
            self.pending.pop_front();
            self.inner.write_all(&compressed?.bytes)?;
        }
        Ok(())
    }

    /// Waits for all that was given, and writes it.
    fn write_pending(&mut self) -> io::Result<()> {
        while let Some(oldest) = self.pending.pop_front() {
            self.inner.write_all(&oldest.wait()?.bytes)?;
        }
        Ok(())
    }

    /// Takes a step; after one that failed there is a gap in the stream, and none may follow.
    fn unless_failed(&mut self, step: impl FnOnce(&mut Self) -> io::Result<()>) -> io::Result<()> {
        if self.has_failed {
            return Err(io::Error::other("the stream failed before"));
        }
        let result = step(self);
        if result.is_err() {
            self.has_failed = true;
            self.pending.clear();
        }
        result
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let block = self.codec.block();
        let taken = bytes.len().min(block - self.raw.len());
        self.unless_failed(|encoder| {
            encoder.raw.reserve_exact(block - encoder.raw.len());
            encoder.raw.extend_from_slice(&bytes[..taken]);
            if encoder.raw.len() < block {
                return Ok(());
            }
            let full = encoder.take_block();
            encoder.give(full)
        })?;
        Ok(taken)
    }

    /// Writes all blocks that are full. What is left stays: where a block ends is a matter of its size alone.
    fn flush(&mut self) -> io::Result<()> {
        self.unless_failed(|encoder| {
            encoder.write_pending()?;
            encoder.inner.flush()
        })
    }
}

#[cfg(test)]
mod tests;
