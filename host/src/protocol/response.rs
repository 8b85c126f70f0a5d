//! The response: the file that answers go to.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use oci_image_schema::protocol::{Info, Response};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::Errno;
use serde::Serialize;

use super::error::ProtocolError;
use crate::boundary::handle::WorkingDirectory;

/// The file that answers go to, opened before anything is done, so that a wrong path costs no build.
#[derive(Debug)]
pub struct ResponseFile {
    path: PathBuf,
    file: File,
}

impl ResponseFile {
    /// Creates or truncates it.
    ///
    /// # Errors
    /// [`ProtocolError::Respond`] if it cannot be opened.
    pub fn create(path: &Path) -> Result<Self, ProtocolError> {
        Self::opened(path, create(path))
    }

    fn opened(path: &Path, file: io::Result<File>) -> Result<Self, ProtocolError> {
        let path = path.to_owned();
        match file {
            Ok(file) => Ok(Self { path, file }),
            Err(source) => Err(ProtocolError::Respond { path, source }),
        }
    }

    /// The same of a path that is seen from a working directory.
    ///
    /// # Errors
    /// [`ProtocolError::Respond`] if it cannot be opened.
    pub fn create_in(directory: &WorkingDirectory, path: &Path) -> Result<Self, ProtocolError> {
        Self::opened(path, create(&directory.full_path(path)))
    }

    /// Writes info's one document.
    ///
    /// # Errors
    /// [`ProtocolError::Respond`] if the file cannot be written.
    pub fn info(self, info: &Info) -> Result<(), ProtocolError> {
        self.documents(std::slice::from_ref(info))
    }

    /// Writes a stream of documents, one for each image.
    ///
    /// # Errors
    /// [`ProtocolError::Respond`] if the file cannot be written.
    pub fn responses(self, responses: &[Response]) -> Result<(), ProtocolError> {
        self.documents(responses)
    }

    fn documents<T: Serialize>(mut self, documents: &[T]) -> Result<(), ProtocolError> {
        let mut text = Vec::new();
        for document in documents {
            serde_json::to_writer(&mut text, document)
                .expect("the protocol's types have no map with other keys");
            text.push(b'\n');
        }
        self.file
            .write_all(&text)
            .map_err(|source| ProtocolError::Respond {
                path: self.path,
                source,
            })
    }
}

/// How long the reader of a pipe may take to open it, if that is where answers go.
const READER_DEADLINE: Duration = Duration::from_secs(1);

/// Creates or truncates a file. A pipe is written to if somebody reads it: another one would keep us for ever.
fn create(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    options
        .write(true)
        .create(true)
        .truncate(true)
        .custom_flags(flags.bits().cast_signed());
    let deadline = Instant::now() + READER_DEADLINE;
    let is_pipe = || fs::metadata(path).is_ok_and(|file| file.file_type().is_fifo());
    let file = loop {
        match options.open(path) {
            Err(error) if error.raw_os_error() == Some(Errno::NXIO.raw_os_error()) && is_pipe() => {
                if Instant::now() >= deadline {
                    return Err(io::Error::new(error.kind(), "nobody reads that pipe"));
                }
                thread::park_timeout(Duration::from_millis(10));
            }
            opened => break opened?,
        }
    };
    // Only to open it was not to take long.
    fcntl_setfl(&file, fcntl_getfl(&file)? - OFlags::NONBLOCK)?;
    Ok(file)
}
