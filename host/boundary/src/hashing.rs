//! Bytes on their way to somebody, hashed as they pass.
//!
//! Reads and writes: whatever it passes them on to. Unknown here: what the hash is compared with.

use std::io::{self, Write};

use sha2::{Digest as _, Sha256};

/// Passes on what is written to it, and hashes it.
pub struct Hashing<W> {
    inner: W,
    hash: Sha256,
    size: u64,
}

impl<W: Write> Hashing<W> {
    /// To somebody, from the first byte on.
    pub fn new(inner: W) -> Self {
        Self {
            inner,
            hash: Sha256::new(),
            size: 0,
        }
    }

    /// How many bytes were passed on by now.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Whoever it was passed on to, and what was written: its hash, and how many bytes it has.
    pub fn finish(self) -> (W, Sha256, u64) {
        (self.inner, self.hash, self.size)
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.hash.update(&bytes[..count]);
        self.size += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
