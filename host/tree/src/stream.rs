//! A tar stream, as entries are read from it.
//!
//! Reads: the stream. Writes: nothing. Unknown here: entries.

use std::io::{self, BufReader, Read};

use crate::entry::Source;

const HEADER_BUFFER: usize = 64 << 10;

/// A stream that can only be read.
pub(crate) struct Stream<R>(BufReader<R>);

impl<R: Read> Stream<R> {
    /// A reader that has its own buffers is read past ours, which is for headers.
    pub(crate) fn new(inner: R) -> Self {
        Self(BufReader::with_capacity(HEADER_BUFFER, inner))
    }
}

impl<R: Read> Read for Stream<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl<R: Read> Source for Stream<R> {
    fn skip(&mut self, count: u64) -> io::Result<()> {
        let skipped = io::copy(&mut (&mut self.0).take(count), &mut io::sink())?;
        if skipped < count {
            Err(io::ErrorKind::UnexpectedEof.into())
        } else {
            Ok(())
        }
    }
}
