//! An arrival: a blob that comes from a daemon. What turns out to be a layer that is not compressed is compressed on its way.
//!
//! Reads: nothing. Writes: kept blobs. Unknown here: how it comes.

use std::io::{self, Write};

use oci_image_boundary::handle::PartialFile;
use oci_spec::image::Digest;

use super::kept::KeptBlobs;
use super::layer_encoder::LayerEncoder;
use super::turns::Turn;
use crate::layer;

/// A blob that comes. Dropped before it is committed, nothing of it stays.
pub struct Arrival {
    kept: KeptBlobs,
    state: State,
    /// Ends when the blob is there, or was given up.
    _turn: Option<Turn>,
}

/// What is known of it so far.
enum State {
    /// Its beginning, too short to tell.
    Begun(Vec<u8>),
    /// It is kept as it comes; who sends it compares it with its digest.
    Plain(PartialFile),
    /// It is a layer that is compressed.
    Recoding(LayerEncoder),
}

impl Arrival {
    pub(super) fn new(kept: KeptBlobs, turn: Option<Turn>) -> Self {
        Self {
            kept,
            state: State::Begun(Vec::new()),
            _turn: turn,
        }
    }

    /// Takes what follows what was taken. Blocking.
    ///
    /// # Errors
    /// The system's.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.state {
            State::Begun(start) => {
                start.extend_from_slice(bytes);
                if start.len() < layer::TELLING {
                    return Ok(());
                }
                let start = std::mem::take(start);
                self.state = State::of(&start, &self.kept)?;
                Ok(())
            }
            State::Plain(partial) => partial.write_all(bytes),
            State::Recoding(encoder) => encoder.write_all(bytes),
        }
    }

    /// Keeps the blob, all of which has come and has this digest. Blocking.
    ///
    /// # Errors
    /// The system's.
    pub fn commit(self, digest: &Digest) -> io::Result<()> {
        let state = match self.state {
            State::Begun(start) => State::of(&start, &self.kept)?,
            told => told,
        };
        match state {
            State::Recoding(encoder) => encoder.commit(&self.kept, digest),
            State::Plain(partial) => self.kept.put(partial, digest),
            State::Begun(_) => unreachable!("what a blob is is told by all of it"),
        }
    }
}

impl State {
    fn of(start: &[u8], kept: &KeptBlobs) -> io::Result<Self> {
        if layer::is_raw(start) {
            let mut encoder = LayerEncoder::new(kept)?;
            encoder.write_all(start)?;
            return Ok(Self::Recoding(encoder));
        }
        let mut partial = kept.partial()?;
        partial.write_all(start)?;
        Ok(Self::Plain(partial))
    }
}
