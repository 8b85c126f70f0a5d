//! One blob: bytes of known size that lie in a file.
//!
//! A blob of an archive is a range of the archive's file, which stays open; a blob of a directory is opened when it is
//! read, because a layout may hold more blobs than a process may hold files. One that is put in the place of another is
//! a constant.
//!
//! Reads: the files of the image. Writes: nothing. Unknown here: digests, media types, who asks.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use oci_image_boundary::cancel::Cancel;
use oci_image_boundary::handle::Directory;

/// How much of a blob is read at once, in bytes.
const PIECE: u64 = 1 << 20;

/// Bytes of known size that can be read at any offset, by several readers at once.
#[derive(Debug, Clone)]
pub struct Blob {
    size: u64,
    content: Content,
}

/// Where the bytes are.
#[derive(Debug, Clone)]
pub(super) enum Content {
    /// In an open file, from `start` on.
    Range { file: Arc<File>, start: u64 },
    /// A whole file below a directory, opened when it is read.
    Named { directory: Directory, name: String },
    /// In this program.
    Constant(&'static [u8]),
}

/// A blob whose file is open.
#[derive(Debug)]
pub struct Reader(Opened);

#[derive(Debug)]
enum Opened {
    File { file: Arc<File>, start: u64 },
    Constant(&'static [u8]),
}

impl Blob {
    pub(super) fn new(size: u64, content: Content) -> Self {
        Self { size, content }
    }

    /// A whole file below a directory; `None` where none is to be had there.
    pub(crate) fn named(directory: &Directory, name: String) -> Option<Self> {
        let size = directory.beneath().metadata(&name).ok()?.len();
        let directory = directory.clone();
        Some(Self::new(size, Content::Named { directory, name }))
    }

    /// The same, held open. Blocking.
    ///
    /// # Errors
    /// As of [`Blob::open`].
    pub(crate) fn opened(self) -> io::Result<Self> {
        let content = match self.open()?.0 {
            Opened::File { file, start } => Content::Range { file, start },
            Opened::Constant(bytes) => Content::Constant(bytes),
        };
        Ok(Self { content, ..self })
    }

    /// Its size in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Where it begins in its archive; `None` if it is in none.
    pub(super) fn start(&self) -> Option<u64> {
        match self.content {
            Content::Range { start, .. } => Some(start),
            Content::Named { .. } | Content::Constant(_) => None,
        }
    }

    /// Opens the blob for reading. Blocking.
    ///
    /// # Errors
    /// The file's own, where it is gone or may not be read any more.
    pub fn open(&self) -> io::Result<Reader> {
        Ok(Reader(match &self.content {
            Content::Range { file, start } => Opened::File {
                file: Arc::clone(file),
                start: *start,
            },
            // It was a file; what took its place may be none.
            Content::Named { directory, name } => Opened::File {
                file: Arc::new(directory.file_beneath(name)?),
                start: 0,
            },
            Content::Constant(bytes) => Opened::Constant(bytes),
        }))
    }
}

impl Reader {
    /// Fills `buffer` from `offset` of the blob on. Blocking.
    ///
    /// # Errors
    /// `UnexpectedEof` where the file became shorter since the image was opened; else the file's own.
    pub fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        match &self.0 {
            Opened::File { file, start } => file.read_exact_at(buffer, start + offset),
            Opened::Constant(bytes) => {
                let rest = usize::try_from(offset)
                    .ok()
                    .and_then(|offset| bytes.get(offset..));
                let mut rest = rest.unwrap_or_default();
                rest.read_exact(buffer)
            }
        }
    }

    /// Writes so many bytes of the blob, from its beginning, for as long as they are wanted. Blocking.
    ///
    /// # Errors
    /// As of [`Reader::read_exact_at`]; the writer's own; that it was called off.
    pub(crate) fn write_to(
        &self,
        to: &mut impl Write,
        size: u64,
        cancel: &Cancel,
    ) -> io::Result<()> {
        let mut buffer = vec![0; size.min(PIECE) as usize];
        let mut offset = 0;
        while offset < size {
            cancel.check()?;
            let piece = &mut buffer[..(size - offset).min(PIECE) as usize];
            self.read_exact_at(piece, offset)?;
            to.write_all(piece)?;
            offset += piece.len() as u64;
        }
        Ok(())
    }

    /// The same as a stream.
    pub(crate) fn stream(self, size: u64, cancel: Cancel) -> BlobStream {
        BlobStream {
            reader: self,
            offset: 0,
            size,
            cancel,
        }
    }

    /// The file that holds it, and where it begins there; `None` where no file does.
    pub(crate) fn place(&self) -> Option<(&File, u64)> {
        match &self.0 {
            Opened::File { file, start } => Some((file, *start)),
            Opened::Constant(_) => None,
        }
    }
}

/// A blob that is read from its beginning to its end, for as long as it is wanted.
#[derive(Debug)]
pub(crate) struct BlobStream {
    reader: Reader,
    offset: u64,
    size: u64,
    cancel: Cancel,
}

impl Read for BlobStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.cancel.check()?;
        let left = self.size - self.offset;
        let count = usize::try_from(left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        self.reader
            .read_exact_at(&mut buffer[..count], self.offset)?;
        self.offset += count as u64;
        Ok(count)
    }
}
