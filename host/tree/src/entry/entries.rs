//! The entries of a stream, one after the other.
//!
//! Reads: a stream, once, forwards. Writes: nothing. Unknown here: what an entry is good for, whether its path is safe.

use std::io;

use tar::{EntryType, Header};

use super::error::EntryError;
use super::header::{BLOCK, Entry, describe};
use super::source::Source;
use crate::extension::{self, EXTENSION_LIMIT, Extensions};

/// The entries of a stream, one after the other.
pub struct Entries<S> {
    stream: S,
    /// Bytes taken from the stream.
    offset: u64,
    /// Bytes of the present entry's content that nobody has read.
    unread: u64,
    /// Zeros after the content, up to the next block.
    padding: u64,
    marked: bool,
}

impl<S: Source> Entries<S> {
    /// The entries of a stream that stands at the first header.
    pub fn new(stream: S) -> Self {
        Self {
            stream,
            offset: 0,
            unread: 0,
            padding: 0,
            marked: false,
        }
    }

    /// The next entry, or `None` at the end; what was not read of the content before is passed over.
    ///
    /// # Errors
    /// Any [`EntryError`]; the stream is then of no further use.
    pub fn next_entry(&mut self) -> Result<Option<Entry>, EntryError> {
        let mut extensions = Extensions::default();
        loop {
            self.skip_content()?;
            let start = self.offset;
            let Some(header) = self.header()? else {
                return if extensions.is_empty() {
                    Ok(None)
                } else {
                    Err(EntryError::Truncated { offset: start })
                };
            };
            let once = || EntryError::Extension { offset: start };
            match header.entry_type() {
                EntryType::XHeader => extensions
                    .records(&self.extension(&header)?)
                    .ok_or_else(once)?,
                EntryType::GNULongName => extensions
                    .long_path(self.extension(&header)?)
                    .ok_or_else(once)?,
                EntryType::GNULongLink => extensions
                    .long_link(self.extension(&header)?)
                    .ok_or_else(once)?,
                // Between an extension and its entry: Go's reader forgets the extension then.
                EntryType::XGlobalHeader if !extensions.is_empty() => return Err(once()),
                EntryType::XGlobalHeader => {
                    if !extension::says_nothing_of_entries(&self.extension(&header)?) {
                        return Err(once());
                    }
                }
                _ => return self.entry(&header, extensions).map(Some),
            }
        }
    }

    /// Reads the present entry's content; 0 at its end.
    ///
    /// # Errors
    /// [`EntryError::Truncated`] where the stream ends first, else [`EntryError::Read`].
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<usize, EntryError> {
        let wanted = usize::try_from(self.unread)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        if wanted == 0 {
            return Ok(0);
        }
        let count = self.read_some(&mut buffer[..wanted])?;
        if count == 0 {
            return Err(EntryError::Truncated {
                offset: self.offset,
            });
        }
        self.unread -= count as u64;
        Ok(count)
    }

    /// Whether the end was marked by a block of zeros; without it the stream was cut between two entries.
    pub fn marked(&self) -> bool {
        self.marked
    }

    /// The stream, where the last read left it.
    pub fn stream(&mut self) -> &mut S {
        &mut self.stream
    }

    fn entry(&mut self, header: &Header, extensions: Extensions) -> Result<Entry, EntryError> {
        let entry = describe(header, extensions, self.offset);
        let entry = entry.map_err(|(path, field)| EntryError::Field {
            entry: String::from_utf8_lossy(&path).into_owned(),
            field,
        })?;
        self.expect_content(entry.size);
        Ok(entry)
    }

    /// The next header, or `None` at a block of zeros or where the stream ends between two entries.
    fn header(&mut self) -> Result<Option<Header>, EntryError> {
        let start = self.offset;
        let mut header = Header::new_old();
        match self.read_full(header.as_mut_bytes())? {
            0 => return Ok(None),
            count if count as u64 == BLOCK => {}
            _ => {
                return Err(EntryError::Truncated {
                    offset: self.offset,
                });
            }
        }
        if header.as_bytes().iter().all(|byte| *byte == 0) {
            self.marked = true;
            return Ok(None);
        }
        let bytes = header.as_bytes();
        // The checksum counts its own eight bytes as spaces.
        let sum: u32 = bytes[..148]
            .iter()
            .chain(&bytes[156..])
            .map(|byte| u32::from(*byte))
            .sum::<u32>()
            + 8 * 32;
        if header.cksum().ok() != Some(sum) {
            return Err(EntryError::Checksum { offset: start });
        }
        Ok(Some(header))
    }

    fn extension(&mut self, header: &Header) -> Result<Vec<u8>, EntryError> {
        let offset = self.offset - BLOCK;
        let size = header
            .entry_size()
            .map_err(|_| EntryError::Extension { offset })?;
        if size > EXTENSION_LIMIT {
            return Err(EntryError::ExtensionSize { offset, size });
        }
        let mut bytes = vec![0; usize::try_from(size).expect("at most EXTENSION_LIMIT")];
        if self.read_full(&mut bytes)? < bytes.len() {
            return Err(EntryError::Truncated {
                offset: self.offset,
            });
        }
        self.expect_content(size);
        self.unread = 0;
        Ok(bytes)
    }

    fn expect_content(&mut self, size: u64) {
        self.unread = size;
        self.padding = size.next_multiple_of(BLOCK) - size;
    }

    fn skip_content(&mut self) -> Result<(), EntryError> {
        let count = self.unread + self.padding;
        self.stream
            .skip(count)
            .map_err(|source| match source.kind() {
                io::ErrorKind::UnexpectedEof => EntryError::Truncated {
                    offset: self.offset,
                },
                _ => EntryError::Read {
                    offset: self.offset,
                    source,
                },
            })?;
        self.offset += count;
        self.unread = 0;
        self.padding = 0;
        Ok(())
    }

    /// Fills the buffer as far as the stream goes.
    fn read_full(&mut self, buffer: &mut [u8]) -> Result<usize, EntryError> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.read_some(&mut buffer[filled..])? {
                0 => break,
                count => filled += count,
            }
        }
        Ok(filled)
    }

    fn read_some(&mut self, buffer: &mut [u8]) -> Result<usize, EntryError> {
        loop {
            match self.stream.read(buffer) {
                Ok(count) => {
                    self.offset += count as u64;
                    return Ok(count);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => {
                    return Err(EntryError::Read {
                        offset: self.offset,
                        source,
                    });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
