//! An archive: what a cache held, in a file. One that grows has no name before all of it is there.
//!
//! Reads and writes: the file. Unknown here: which others there are, who sends it.

use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom, Write};
use std::os::unix::fs::FileExt as _;

use oci_image_boundary::handle::PartialFile;
use oci_image_boundary::hashing::Hashing;
use oci_image_boundary::hex::hex;
use sha2::{Digest, Sha256};

use crate::record::{LENGTH, Record};

/// An archive that is kept.
#[derive(Debug)]
pub(crate) struct Archive {
    pub(crate) name: String,
    pub(crate) record: Record,
    file: File,
}

impl Archive {
    /// The archive in a file; `None` if it is none of this version, or not as long as it says.
    pub(crate) fn open(name: String, mut file: File) -> io::Result<Option<Self>> {
        let mut bytes = [0; LENGTH];
        match file.read_exact(&mut bytes) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            read => read?,
        }
        let length = file.metadata()?.len() - LENGTH as u64;
        let record = Record::parse(&bytes).filter(|record| record.length == length);
        Ok(record.map(|record| Self { name, record, file }))
    }

    /// How many bytes its file has.
    pub(crate) fn size(&self) -> u64 {
        self.record.length + LENGTH as u64
    }

    /// Gives what it holds to `stream`, and tells whether that was what was kept.
    pub(crate) fn send(&mut self, stream: &mut impl Write) -> io::Result<bool> {
        self.file.seek(SeekFrom::Start(LENGTH as u64))?;
        let mut content = Hashing::new(stream);
        io::copy(&mut (&self.file).take(self.record.length), &mut content)?;
        let (_, hash, _) = content.finish();
        Ok(digest(hash) == self.record.digest)
    }
}

/// An archive that grows; dropping it leaves nothing.
pub(crate) struct GrowingArchive {
    record: Record,
    content: Hashing<PartialFile>,
}

/// All of an archive, which has no name yet; dropping it leaves nothing.
pub(crate) struct WholeArchive {
    pub(crate) record: Record,
    pub(crate) file: PartialFile,
}

impl GrowingArchive {
    /// One of which the record says what is known.
    pub(crate) fn new(record: Record, mut file: PartialFile) -> io::Result<Self> {
        file.write_all(&[0; LENGTH])?;
        Ok(Self {
            record,
            content: Hashing::new(file),
        })
    }

    /// How many bytes it has by now.
    pub(crate) fn size(&self) -> u64 {
        self.content.size() + LENGTH as u64
    }

    /// Says that all of it is there.
    pub(crate) fn finish(self) -> io::Result<WholeArchive> {
        let Self {
            mut record,
            content,
        } = self;
        let (file, hash, length) = content.finish();
        record.length = length;
        record.digest = digest(hash);
        let bytes = record.to_bytes();
        let bytes = bytes.ok_or_else(|| io::Error::other("the id of the cache is too long"))?;
        file.file.write_all_at(&bytes, 0)?;
        Ok(WholeArchive { record, file })
    }
}

impl Write for GrowingArchive {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.content.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl WholeArchive {
    /// How many bytes its file has.
    pub(crate) fn size(&self) -> u64 {
        self.record.length + LENGTH as u64
    }
}

fn digest(hash: Sha256) -> String {
    format!("sha256:{}", hex(&hash.finalize()))
}
