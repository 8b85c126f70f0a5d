//! Frames: what goes over a stream of bytes whose end may be a cut, in pieces that say themselves where they end.
//!
//! One is a byte for its kind, its length as four bytes (the first counts most), and so many bytes.
//!
//! Reads and writes: the stream. Unknown here: what is said (`message`).

use std::io::{self, Read, Write};

/// The largest frame of bytes, in bytes.
const DATA_LIMIT: usize = 256 << 10;
/// The largest text, in bytes.
const TEXT_LIMIT: usize = 4 << 10;

const TEXT: u8 = b't';
const DATA: u8 = b'd';
const END: u8 = b'e';

/// Why a frame cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The stream cannot be read or written, or ends where a frame has not.
    #[error(transparent)]
    Stream(#[from] io::Error),
    /// It is another than was expected, or none.
    #[error("what was said is not what was to be said here")]
    Unexpected,
}

impl FrameError {
    /// As an error of a stream that is made of frames.
    fn of_stream(self) -> io::Error {
        match self {
            Self::Stream(error) => error,
            unexpected @ Self::Unexpected => io::Error::new(io::ErrorKind::InvalidData, unexpected),
        }
    }
}

/// Writes a text. One that is longer than 4 KiB loses its end.
///
/// # Errors
/// Those of the stream.
pub fn write_text(stream: &mut impl Write, text: &str) -> io::Result<()> {
    let text = &text[..text.floor_char_boundary(TEXT_LIMIT)];
    stream.write_all(&frame(TEXT, text.as_bytes()))?;
    stream.flush()
}

/// Reads a text.
///
/// # Errors
/// [`FrameError`].
pub fn read_text(stream: &mut impl Read) -> Result<String, FrameError> {
    let (TEXT, length) = header(stream, TEXT_LIMIT)? else {
        return Err(FrameError::Unexpected);
    };
    text(stream, length)
}

/// Takes bytes, and puts them into frames. Only [`FrameWriter::end`] says that they are all.
pub struct FrameWriter<W: Write> {
    stream: W,
    held: Vec<u8>,
}

impl<W: Write> FrameWriter<W> {
    /// Into this stream.
    pub fn new(stream: W) -> Self {
        Self {
            stream,
            held: Vec::with_capacity(DATA_LIMIT),
        }
    }

    /// Says that all bytes were written.
    ///
    /// # Errors
    /// Those of the stream.
    pub fn end(mut self) -> io::Result<()> {
        self.pass_on()?;
        self.stream.write_all(&frame(END, &[]))?;
        self.stream.flush()
    }

    fn pass_on(&mut self) -> io::Result<()> {
        if !self.held.is_empty() {
            self.stream.write_all(&header_of(DATA, self.held.len()))?;
            self.stream.write_all(&self.held)?;
            self.held.clear();
        }
        Ok(())
    }
}

impl<W: Write> Write for FrameWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.held.len() == DATA_LIMIT {
            self.pass_on()?;
        }
        let taken = bytes.len().min(DATA_LIMIT - self.held.len());
        self.held.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Gives the bytes of frames, until their end was said. A stream that ends before is an error, and so is a text: it says why no more
/// will come.
pub struct FrameReader<R: Read> {
    stream: R,
    left: usize,
    is_over: bool,
}

impl<R: Read> FrameReader<R> {
    /// From this stream.
    pub fn new(stream: R) -> Self {
        Self {
            stream,
            left: 0,
            is_over: false,
        }
    }

    fn next(&mut self) -> io::Result<()> {
        match header(&mut self.stream, DATA_LIMIT).map_err(FrameError::of_stream)? {
            (DATA, length) => self.left = length,
            (END, 0) => self.is_over = true,
            (TEXT, length) if length <= TEXT_LIMIT => {
                let told = text(&mut self.stream, length).map_err(FrameError::of_stream)?;
                return Err(io::Error::other(told));
            }
            _ => return Err(FrameError::Unexpected.of_stream()),
        }
        Ok(())
    }
}

impl<R: Read> Read for FrameReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.left == 0 && !self.is_over {
            self.next()?;
        }
        let most = buffer.len().min(self.left);
        if most == 0 {
            return Ok(0);
        }
        let read = self.stream.read(&mut buffer[..most])?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= read;
        Ok(read)
    }
}

fn header_of(kind: u8, length: usize) -> [u8; 5] {
    let length = u32::try_from(length).expect("a frame is smaller than its limit");
    let [a, b, c, d] = length.to_be_bytes();
    [kind, a, b, c, d]
}

fn frame(kind: u8, bytes: &[u8]) -> Vec<u8> {
    let mut frame = header_of(kind, bytes.len()).to_vec();
    frame.extend_from_slice(bytes);
    frame
}

/// The kind of the next frame, and its length.
fn header(stream: &mut impl Read, limit: usize) -> Result<(u8, usize), FrameError> {
    let mut header = [0; 5];
    stream.read_exact(&mut header)?;
    let [kind, a, b, c, d] = header;
    let length = usize::try_from(u32::from_be_bytes([a, b, c, d]));
    let length = length.ok().filter(|length| *length <= limit);
    Ok((kind, length.ok_or(FrameError::Unexpected)?))
}

fn text(stream: &mut impl Read, length: usize) -> Result<String, FrameError> {
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes)?;
    String::from_utf8(bytes).map_err(|_| FrameError::Unexpected)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(bytes: &[u8]) -> Vec<u8> {
        let mut stream = Vec::new();
        let mut writer = FrameWriter::new(&mut stream);
        writer.write_all(bytes).unwrap();
        writer.end().unwrap();
        stream
    }

    #[test]
    fn bytes_come_back_and_what_follows_them_is_not_touched() {
        let bytes: Vec<u8> = (0..600_000_u32).map(|number| number as u8).collect();
        let mut stream = framed(&bytes);
        write_text(&mut stream, "thank you").unwrap();
        let mut stream = stream.as_slice();

        let mut read = Vec::new();
        FrameReader::new(&mut stream)
            .read_to_end(&mut read)
            .unwrap();

        assert_eq!(read, bytes);
        assert_eq!(read_text(&mut stream).unwrap(), "thank you");
    }

    #[test]
    fn a_cut_is_no_end_wherever_it_is() {
        let stream = framed(b"some bytes");

        for end in 0..stream.len() {
            let read = FrameReader::new(&stream[..end]).read_to_end(&mut Vec::new());
            let kind = read.unwrap_err().kind();
            assert_eq!(kind, io::ErrorKind::UnexpectedEof, "{end}");
        }
    }

    #[test]
    fn a_text_among_bytes_says_why_there_are_no_more() {
        let mut stream = framed(b"some");
        stream.truncate(stream.len() - 5);
        write_text(&mut stream, "the disk is full").unwrap();

        let read = FrameReader::new(stream.as_slice()).read_to_end(&mut Vec::new());

        assert_eq!(read.unwrap_err().to_string(), "the disk is full");
    }

    #[test]
    fn what_is_longer_than_may_be_is_not_held() {
        for bytes in [
            &[TEXT, 0, 1, 0, 0][..],
            &[DATA, 0, 4, 0, 1],
            &[END, 0, 0, 0, 1],
            b"x0000",
        ] {
            let read = FrameReader::new(bytes).read_to_end(&mut Vec::new());
            assert!(read.is_err(), "{bytes:?}");
            assert!(read_text(&mut &bytes[..]).is_err(), "{bytes:?}");
        }
    }
}
