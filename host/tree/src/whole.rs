//! A stream that is all of a tree.
//!
//! Reads: a stream, to its end. Writes: beneath a directory that is given. Unknown here: who sends.

use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::path::Path;

use crate::error::RootfsError;
use crate::summary::Summary;
use crate::unpacking::{Meaning, Unpacking};

/// Unpacks a stream into a directory that is open, empty and nobody else's; `target` is where its tree will be, for messages. Whiteouts
/// have no meaning here. Blocking; the stream is read to its end.
///
/// # Errors
/// [`RootfsError`]; what was made until then is left there.
pub fn unpack(
    stream: impl Read,
    directory: OwnedFd,
    target: &Path,
) -> Result<Summary, RootfsError> {
    let mut unpacking = Unpacking::into(directory, target.into(), Meaning::Tree);
    let mut entries = unpacking.stream(stream)?;
    if !entries.marked() {
        return Err(RootfsError::Unfinished {
            path: target.into(),
        });
    }
    // A sender that is left with bytes in its hands would take that for a failure.
    if let Err(source) = io::copy(entries.stream(), &mut io::sink()) {
        return Err(RootfsError::AfterEnd {
            path: target.into(),
            source,
        });
    }
    unpacking.finish()
}
