//! What entries are read from.

use std::io::{self, Read};

/// A stream of bytes that can also pass over bytes, for a file without reading them.
pub trait Source: Read {
    /// Passes over `count` bytes.
    ///
    /// # Errors
    /// `UnexpectedEof` where a stream ends before; a file may be passed beyond its end, and then reads nothing.
    fn skip(&mut self, count: u64) -> io::Result<()>;
}
