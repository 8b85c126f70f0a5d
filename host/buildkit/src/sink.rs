//! A sink: where the bytes go that an exporter sends.
//!
//! What was received gets its final name only when the whole solve has succeeded: the daemon ends the stream of an
//! export that broke off like that of one that is complete, and one of several exporters may fail after another is done.
//!
//! Reads: chunks. Writes: a file beside its final name, then the rename. Unknown here: the wire (`filesend`).

use std::error::Error;
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::PathBuf;

use bytes::{Buf, Bytes};
use tokio::sync::mpsc;

use oci_image_boundary::handle::{Directory, PartialFile};
use oci_image_boundary::outside::shown;

/// Chunks on their way from the daemon to a sink; the daemon waits while they are not taken.
// Chunks are 32 KiB as a rule, so this is 1 MiB: enough to hide the switch of threads.
const CHUNKS_IN_FLIGHT: usize = 32;

/// The error of a sink; solves carry it as their source, to be downcast by whoever wrote the sink.
pub type SinkError = Box<dyn Error + Send + Sync>;

/// Takes what an exporter sends.
pub trait Sink: Send + Sync {
    /// Takes the chunks to their end. Runs on a thread of its own, and may block.
    ///
    /// # Errors
    /// Whatever keeps the sink from taking them; the solve fails with it.
    fn receive(&self, chunks: ChunkReader) -> Result<Received, SinkError>;
}

/// What a sink has taken and not yet published. Dropping it gives it up.
pub struct Received {
    publish: Box<dyn FnOnce() -> Result<(), SinkError> + Send>,
}

impl Received {
    /// Something to publish by calling `publish` on a thread that may block, or to give up by dropping `publish`.
    pub fn new(publish: impl FnOnce() -> Result<(), SinkError> + Send + 'static) -> Self {
        Self {
            publish: Box::new(publish),
        }
    }

    /// Gives what was received its final name.
    ///
    /// # Errors
    /// Those of the sink that received it.
    pub fn publish(self) -> Result<(), SinkError> {
        (self.publish)()
    }
}

/// Writes what it receives to a file: beside it first, under a name that starts with a dot, then by rename.
///
/// The file's mode is that of any new file: 0666 less the umask.
#[derive(Debug, Clone)]
pub struct FileSink {
    directory: Directory,
    name: OsString,
}

/// Why a file could not be written.
#[derive(Debug, thiserror::Error)]
pub enum FileSinkError {
    /// No file can be made beside the path.
    #[error("cannot create a file beside `{}`", shown(path))]
    Create {
        /// The path to be written.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// The daemon broke off.
    #[error("cannot receive `{}`", shown(path))]
    Receive {
        /// The path to be written.
        path: PathBuf,
        /// How the stream ended.
        source: io::Error,
    },
    /// The file cannot be written, for example because the disk is full.
    #[error("cannot write `{}`", shown(path))]
    Write {
        /// The path to be written.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// The finished file cannot take its name.
    #[error("cannot rename the finished file to `{}`", shown(path))]
    Rename {
        /// The path to be written.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
}

impl FileSink {
    /// A sink that writes the file `name` in a directory, and replaces it if it exists.
    pub fn new(directory: Directory, name: impl Into<OsString>) -> Self {
        let name = name.into();
        Self { directory, name }
    }

    fn create(&self) -> io::Result<PartialFile> {
        let mut prefix = OsString::from(".");
        prefix.push(&self.name);
        prefix.push(".");
        PartialFile::new(&self.directory, &prefix)
    }
}

impl Sink for FileSink {
    fn receive(&self, mut chunks: ChunkReader) -> Result<Received, SinkError> {
        let path = self.directory.full_path(&self.name);
        let mut partial = self.create().map_err(|source| FileSinkError::Create {
            path: path.clone(),
            source,
        })?;
        while let Some(chunk) = chunks
            .next_chunk()
            .map_err(|source| FileSinkError::Receive {
                path: path.clone(),
                source,
            })?
        {
            partial
                .file
                .write_all(&chunk)
                .map_err(|source| FileSinkError::Write {
                    path: path.clone(),
                    source,
                })?;
        }
        let Self { directory, name } = self.clone();
        Ok(Received::new(move || {
            partial
                .put(&directory, &name)
                .map_err(|source| FileSinkError::Rename { path, source })?;
            Ok(())
        }))
    }
}

/// The chunks of an export, in order; also a [`Read`] over their bytes.
///
/// Its end is the end of the stream. A stream that breaks off is an error, so that no part is taken for the whole.
pub struct ChunkReader {
    chunks: mpsc::Receiver<Chunk>,
    current: Bytes,
    ended: bool,
}

/// The sending end of a [`ChunkReader`].
pub(crate) struct ChunkSender {
    chunks: mpsc::Sender<Chunk>,
}

enum Chunk {
    Data(Bytes),
    End,
}

/// The other end is gone.
#[derive(Debug)]
pub(crate) struct Gone;

/// Both ends of a stream of chunks.
pub(crate) fn chunks() -> (ChunkSender, ChunkReader) {
    let (sender, receiver) = mpsc::channel(CHUNKS_IN_FLIGHT);
    (
        ChunkSender { chunks: sender },
        ChunkReader {
            chunks: receiver,
            current: Bytes::new(),
            ended: false,
        },
    )
}

impl ChunkReader {
    /// The next chunk as the daemon sent it, without a copy; `None` at the end. Blocks the thread.
    ///
    /// # Errors
    /// `UnexpectedEof` if the stream broke off.
    pub fn next_chunk(&mut self) -> io::Result<Option<Bytes>> {
        if !self.current.is_empty() {
            return Ok(Some(std::mem::take(&mut self.current)));
        }
        if self.ended {
            return Ok(None);
        }
        match self.chunks.blocking_recv() {
            Some(Chunk::Data(bytes)) => Ok(Some(bytes)),
            Some(Chunk::End) => {
                self.ended = true;
                Ok(None)
            }
            None => Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the daemon broke off the export",
            )),
        }
    }
}

impl Read for ChunkReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            match self.next_chunk()? {
                Some(chunk) => self.current = chunk,
                None => return Ok(0),
            }
        }
        let taken = self.current.len().min(buffer.len());
        self.current.copy_to_slice(&mut buffer[..taken]);
        Ok(taken)
    }
}

impl ChunkSender {
    /// Sends a chunk, when the sink has room for it.
    pub(crate) async fn send(&self, bytes: Bytes) -> Result<(), Gone> {
        self.chunks.send(Chunk::Data(bytes)).await.map_err(|_| Gone)
    }

    /// Says that the stream is complete. A sender that is dropped without saying so has broken off.
    pub(crate) async fn end(self) -> Result<(), Gone> {
        self.chunks.send(Chunk::End).await.map_err(|_| Gone)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::MetadataExt;
    use std::path::Path;

    use super::*;

    fn stream(parts: &[&'static str], complete: bool) -> ChunkReader {
        let (sender, reader) = chunks();
        for part in parts {
            sender
                .chunks
                .try_send(Chunk::Data(Bytes::from_static(part.as_bytes())))
                .unwrap();
        }
        if complete {
            sender.chunks.try_send(Chunk::End).unwrap();
        }
        reader
    }

    fn sink(directory: &Path) -> FileSink {
        FileSink::new(Directory::open(directory).unwrap(), "image.tar")
    }

    fn names(directory: &Path) -> Vec<String> {
        fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn a_file_has_its_name_only_once_it_is_published() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("image.tar");

        let received = sink(directory.path())
            .receive(stream(&["first ", "", "second"], true))
            .unwrap();

        assert!(!path.exists());
        assert_eq!(names(directory.path()).len(), 1);
        received.publish().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "first second");
        assert_eq!(names(directory.path()), ["image.tar"]);
        let plain = fs::File::create(directory.path().join("plain"))
            .unwrap()
            .metadata()
            .unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode(), plain.mode());
    }

    #[test]
    fn a_file_that_is_given_up_leaves_nothing_and_keeps_what_was_there() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("image.tar");
        fs::write(&path, "old").unwrap();

        drop(
            sink(directory.path())
                .receive(stream(&["new"], true))
                .unwrap(),
        );

        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(names(directory.path()), ["image.tar"]);
    }

    #[test]
    fn a_stream_that_breaks_off_is_an_error_and_leaves_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("image.tar");

        let Err(error) = sink(directory.path()).receive(stream(&["half"], false)) else {
            panic!("taken for whole")
        };

        assert_eq!(
            error.to_string(),
            format!("cannot receive `{}`", path.display())
        );
        assert_eq!(
            error.source().unwrap().to_string(),
            "the daemon broke off the export"
        );
        assert_eq!(names(directory.path()), Vec::<String>::new());
    }

    #[test]
    fn a_directory_that_is_gone_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let sink = sink(directory.path());
        fs::remove_dir(directory.path()).unwrap();

        let Err(error) = sink.receive(stream(&[], true)) else {
            panic!("written to nowhere")
        };

        assert_eq!(
            error.to_string(),
            format!(
                "cannot create a file beside `{}/image.tar`",
                directory.path().display()
            )
        );
    }

    #[test]
    fn a_chunk_reader_reads_across_chunks() {
        let mut text = String::new();

        stream(&["ab", "", "cde", "f"], true)
            .read_to_string(&mut text)
            .unwrap();

        assert_eq!(text, "abcdef");
    }
}
