//! Saving: what a cache holds, out of the daemon, unless it is known there.
//!
//! Reads: the cache. Writes: the socket. Unknown here: who keeps it.

use std::env;
use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;

use zstd::stream::write::Encoder;

use crate::archive;
use crate::fingerprint::Taking;
use crate::frame::{FrameError, FrameWriter};
use crate::identity::Identity;
use crate::message::{Amount, Holding, Order, Report};
use crate::walk::{WalkError, walk};

/// How hard zstd tries: a build waits for it, and a cache is read once more at most.
const LEVEL: i32 = 1;

/// What stands behind the last entry of a tar stream, in bytes.
const END: u64 = 1024;

/// Why a cache cannot be saved.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SaveError {
    #[error(transparent)]
    Walk(#[from] WalkError),
    #[error("cannot enter the cache")]
    Enter(#[source] io::Error),
    #[error("cannot send the archive")]
    Send(#[from] io::Error),
    #[error("the conversation was broken off")]
    Conversation(#[from] FrameError),
}

pub(crate) fn save(directory: &Path, mut stream: &UnixStream) -> Result<(), SaveError> {
    env::set_current_dir(directory).map_err(SaveError::Enter)?;
    let holds = holds()?;
    holds.write(&mut stream)?;
    if matches!(holds, Report::Empty(_)) || Order::read(&mut stream)? != Order::Send {
        return Ok(());
    }
    let frames = FrameWriter::new(stream);
    let mut encoder = Encoder::new(frames, LEVEL)?;
    encoder.include_checksum(true)?;
    archive::write(&mut encoder)?;
    Ok(encoder.finish()?.end()?)
}

/// What the working directory holds.
fn holds() -> Result<Report, SaveError> {
    let (mut taking, mut amount, mut stream) = (Taking::default(), Amount::default(), END);
    walk(|_, entry| {
        taking.add(entry);
        amount.entries += 1;
        amount.bytes += entry.size();
        stream += archive::most_bytes(entry);
        Ok::<_, WalkError>(())
    })?;
    let identity = Identity::of(Path::new(".")).map_err(SaveError::Enter)?;
    Ok(match amount.entries {
        // The root is there.
        0 | 1 => Report::Empty(identity),
        _ => Report::Holds(Holding {
            identity,
            fingerprint: taking.taken(),
            amount,
            stream,
        }),
    })
}
