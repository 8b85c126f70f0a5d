//! The bytes of a layer, however it is compressed.
//!
//! A layer is what its first bytes say, as everywhere here (`layer`): gzip of any number of members, zstd of any number of
//! frames, or no compression. Bytes of a base come from anywhere: whoever made them decides how long what comes out is, but not
//! how much is held. Zstd may look back over 128 MiB, as its own program has it; gzip cannot over more than 32 KiB.
//!
//! Reads: what it is given. Writes: nothing. Unknown here: tar.
//! Source: RFC 1952; RFC 8878, 3.1.1.1.2 (windows).

use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};

use flate2::bufread::MultiGzDecoder;
use zstd::stream::read::Decoder as Frames;

use crate::layer::Compression;

/// How many bytes tell a format.
const MAGIC: u64 = 4;

/// How many bytes are read at once.
const BUFFER: usize = 128 << 10;

/// The largest window of a frame, as a power of two.
const WINDOW: u32 = 27;

/// Reads what a layer holds. Blocking.
///
/// Bytes that are cut off, damaged, or follow what is compressed without being so are errors; only between two members or
/// frames nobody can tell that more should follow. A layer of no bytes holds none.
pub struct Decoder<R: Read>(Decoding<Whole<R>>);

/// A layer from its first byte on.
type Whole<R> = BufReader<Chain<Cursor<Vec<u8>>, R>>;

enum Decoding<R: BufRead> {
    Raw(R),
    Gzip(Box<MultiGzDecoder<R>>),
    Zstd(Frames<'static, R>),
}

impl<R: Read> Decoder<R> {
    /// Over a layer, of which it reads the first bytes.
    ///
    /// # Errors
    /// The reader's own.
    pub fn new(mut layer: R) -> io::Result<Self> {
        let mut start = Vec::new();
        layer.by_ref().take(MAGIC).read_to_end(&mut start)?;
        let compression = Compression::of(&start);
        let whole = BufReader::with_capacity(BUFFER, Cursor::new(start).chain(layer));
        Ok(Self(match compression {
            Compression::None => Decoding::Raw(whole),
            Compression::Gzip => Decoding::Gzip(Box::new(MultiGzDecoder::new(whole))),
            Compression::Zstd => {
                let mut frames = Frames::with_buffer(whole)?;
                frames.window_log_max(WINDOW)?;
                Decoding::Zstd(frames)
            }
        }))
    }
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.0 {
            Decoding::Raw(layer) => layer.read(buffer),
            Decoding::Gzip(members) => members.read(buffer),
            Decoding::Zstd(frames) => frames.read(buffer),
        }
    }
}
