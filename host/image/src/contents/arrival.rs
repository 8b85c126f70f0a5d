//! An arrival: a blob that comes from a daemon. What turns out to be a layer that is not compressed is compressed on its way.
//!
//! Reads: nothing. Writes: kept blobs. Unknown here: how it comes.

use std::io::{self, Write};

use oci_image_boundary::handle::PartialFile;
use oci_spec::image::Digest;
use sha2::{Digest as _, Sha256};

use super::kept::KeptBlobs;
use super::recoded::Become;
use super::turns::Turn;
use crate::codec::Encoder;
use crate::digest::sha256;
use crate::layer::{self, Compression};

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
    /// It is kept as it comes.
    Plain(HashedFile),
    /// It is a layer that is compressed.
    Recoding(Encoder<HashedFile>),
}

/// A file that is hashed while it grows.
pub(super) struct HashedFile {
    partial: PartialFile,
    hash: Sha256,
    size: u64,
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
            State::Plain(file) => file.write_all(bytes),
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
            State::Recoding(encoder) => recoded(&self.kept, encoder, digest),
            State::Plain(file) => self.kept.put(file.partial, digest),
            State::Begun(_) => unreachable!("what a blob is is told by all of it"),
        }
    }
}

impl State {
    fn of(start: &[u8], kept: &KeptBlobs) -> io::Result<Self> {
        let file = HashedFile::new(kept)?;
        let is_raw = Compression::of(start) == Compression::None && layer::is_archive(start);
        if is_raw {
            let mut encoder = Encoder::new(kept.codec(), file);
            encoder.write_all(start)?;
            return Ok(Self::Recoding(encoder));
        }
        let mut file = file;
        file.write_all(start)?;
        Ok(Self::Plain(file))
    }
}

/// Keeps what a layer has become.
pub(super) fn recoded(
    kept: &KeptBlobs,
    encoder: Encoder<HashedFile>,
    layer: &Digest,
) -> io::Result<()> {
    let file = encoder.finish()?;
    let becomes = Become {
        digest: sha256(file.hash),
        size: file.size,
    };
    kept.put(file.partial, &becomes.digest)?;
    kept.recoded().put(layer, &becomes)
}

impl HashedFile {
    pub(super) fn new(kept: &KeptBlobs) -> io::Result<Self> {
        Ok(Self {
            partial: kept.partial()?,
            hash: Sha256::new(),
            size: 0,
        })
    }
}

impl Write for HashedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.partial.file.write(bytes)?;
        self.hash.update(&bytes[..count]);
        self.size += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
