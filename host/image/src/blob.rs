//! One blob: bytes of known size that lie in a file.
//!
//! A blob of an archive is a range of the archive's file, which stays open; a blob of a directory is opened when it is
//! read, because a layout may hold more blobs than a process may hold files. One that is put in the place of another is
//! a constant.
//!
//! Reads: the files of the image. Writes: nothing. Unknown here: digests, media types, who asks.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use oci_image_boundary::handle::Directory;

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
}
