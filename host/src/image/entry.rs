//! Entries of a tar stream: a header with everything that extends it, then the entry's content.
//!
//! An extension is read only up to a limit of one megabyte, and PAX records are split by their stated length, never by
//! line: the value of `security.capability` is binary and may hold a line break. For these two reasons the iterator of
//! the `tar` crate is not used here (it splits at line breaks and reads without limit); its header type is.
//!
//! Reads: a stream, once, forwards. Writes: nothing. Unknown here: what an entry is good for, whether its path is safe.
//! Source: POSIX.1-2024 `pax` (ustar, `x` and `g` records); GNU tar (`L`, `K`, base-256 numbers); libarchive
//! (`SCHILY.xattr`).

use std::io::{self, Read};

use tar::{EntryType, Header};

use super::extension::Extensions;

/// The size of a tar header and the unit to which content is padded, in bytes.
pub(crate) const BLOCK: u64 = 512;

/// The largest extension (PAX records, GNU long name) that is read, in bytes; Go's `archive/tar` has the same limit.
const EXTENSION_LIMIT: u64 = 1 << 20;

/// A stream of bytes that can also pass over bytes, for a file without reading them.
pub(crate) trait Source: Read {
    /// Passes over `count` bytes.
    ///
    /// # Errors
    /// `UnexpectedEof` where a stream ends before; a file may be passed beyond its end, and then reads nothing.
    fn skip(&mut self, count: u64) -> io::Result<()>;
}

/// What an entry stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Directory,
    Symlink,
    HardLink,
    Fifo,
    Device,
    /// A type that no writer of images produces (GNU sparse and multi-volume, vendors' own), by its type byte.
    Other(u8),
}

/// A point in time: seconds since 1970, which may be negative, and nanoseconds after them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Time {
    pub(crate) seconds: i64,
    pub(crate) nanoseconds: u32,
}

impl Time {
    /// A whole second.
    fn at(seconds: i64) -> Self {
        Self {
            seconds,
            nanoseconds: 0,
        }
    }
}

/// One entry, as its header and extensions describe it. Paths are bytes, exactly as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) path: Vec<u8>,
    pub(crate) kind: Kind,
    /// The target of a symlink or hard link; empty for every other kind.
    pub(crate) link: Vec<u8>,
    /// Bytes of content that follow the header.
    pub(crate) size: u64,
    /// Where the content starts, in bytes from the start of the stream.
    pub(crate) offset: u64,
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) mtime: Time,
    /// Extended attributes, name and value, in the order of the records.
    pub(crate) xattrs: Vec<(Vec<u8>, Vec<u8>)>,
}

/// Why a tar stream cannot be read. Offsets are bytes from the start of the stream.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// The stream itself fails.
    #[error("cannot read at byte {offset}")]
    Read {
        /// Where.
        offset: u64,
        /// Why.
        source: io::Error,
    },
    /// The stream ends inside a header, an extension or an entry's content.
    #[error("ends within an entry at byte {offset}")]
    Truncated {
        /// Where it ends.
        offset: u64,
    },
    /// A block that should be a header is none.
    #[error("no tar header at byte {offset}")]
    Checksum {
        /// Where.
        offset: u64,
    },
    /// A number of an entry cannot be read or does not fit its meaning.
    #[error("entry `{entry}` has an invalid {field}")]
    Field {
        /// The entry's path.
        entry: String,
        /// Which number.
        field: &'static str,
    },
    /// A PAX record or GNU long name that breaks its format, or stands twice before one entry.
    #[error("malformed extension at byte {offset}")]
    Extension {
        /// Where the extension starts.
        offset: u64,
    },
    /// An extension beyond what is read.
    #[error("extension at byte {offset} holds {size} bytes, more than {EXTENSION_LIMIT}")]
    ExtensionSize {
        /// Where the extension starts.
        offset: u64,
        /// Its size in bytes.
        size: u64,
    },
}

/// The entries of a stream, one after the other.
pub(crate) struct Entries<S> {
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
    pub(crate) fn new(stream: S) -> Self {
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
    pub(crate) fn next(&mut self) -> Result<Option<Entry>, EntryError> {
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
                // Written by `git archive` for a comment; Go's reader applies none of its records either.
                EntryType::XGlobalHeader => drop(self.extension(&header)?),
                _ => return self.entry(&header, extensions).map(Some),
            }
        }
    }

    /// Reads the present entry's content; 0 at its end.
    ///
    /// # Errors
    /// [`EntryError::Truncated`] where the stream ends first, else [`EntryError::Read`].
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, EntryError> {
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
    pub(crate) fn marked(&self) -> bool {
        self.marked
    }

    /// The stream, where the last read left it.
    pub(crate) fn stream(&mut self) -> &mut S {
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

/// Header and extensions as one entry, or its path and the number that is invalid.
fn describe(
    header: &Header,
    mut extensions: Extensions,
    offset: u64,
) -> Result<Entry, (Vec<u8>, &'static str)> {
    let header_path = || header.path_bytes().into_owned();
    let path = extensions.path.take().unwrap_or_else(header_path);
    let kind = match extensions.sparse {
        true => Kind::Other(b'S'),
        false => kind(header.entry_type(), &path),
    };
    let link = match kind {
        Kind::Symlink | Kind::HardLink => {
            let header_link = || header.link_name_bytes().unwrap_or_default().into_owned();
            extensions.link.take().unwrap_or_else(header_link)
        }
        _ => Vec::new(),
    };
    let numbers = match Numbers::of(header, &extensions, offset) {
        Ok(numbers) => numbers,
        Err(field) => return Err((path, field)),
    };
    // The size of a link is that of its target in some archives, and no content follows.
    let has_content = matches!(kind, Kind::File | Kind::Other(_));
    Ok(Entry {
        path,
        kind,
        link,
        size: if has_content { numbers.size } else { 0 },
        offset,
        mode: numbers.mode,
        uid: numbers.uid,
        gid: numbers.gid,
        mtime: numbers.mtime,
        xattrs: extensions.xattrs,
    })
}

/// What header and extensions say in numbers, each valid.
struct Numbers {
    size: u64,
    uid: u32,
    gid: u32,
    mode: u32,
    mtime: Time,
}

impl Numbers {
    /// The numbers, or the name of the one that is invalid.
    fn of(header: &Header, extensions: &Extensions, offset: u64) -> Result<Self, &'static str> {
        let fields = header.as_old();
        let size = extensions
            .size
            .or(number(&fields.size, header.entry_size()));
        let uid = extensions.uid.or(number(&fields.uid, header.uid()));
        let gid = extensions.gid.or(number(&fields.gid, header.gid()));
        let mode = number(&fields.mode, header.mode().map(u64::from));
        let seconds = number(&fields.mtime, header.mtime());
        let mtime = extensions
            .mtime
            .or(seconds.map(|seconds| Time::at(seconds.cast_signed())));
        Ok(Self {
            size: size
                .filter(|size| is_within_reach(offset, *size))
                .ok_or("size")?,
            uid: uid.and_then(id).ok_or("uid")?,
            gid: gid.and_then(id).ok_or("gid")?,
            mode: mode
                .and_then(|mode| u32::try_from(mode).ok())
                .ok_or("mode")?
                & 0o7777,
            mtime: mtime.ok_or("mtime")?,
        })
    }
}

/// Whether content of that size, with its padding, ends at an offset that can be counted.
fn is_within_reach(offset: u64, size: u64) -> bool {
    offset
        .checked_add(size)
        .is_some_and(|end| end <= u64::MAX - BLOCK)
}

/// A number of a header. A field left blank is 0 to every other reader.
fn number(field: &[u8], parsed: io::Result<u64>) -> Option<u64> {
    let is_blank = field.iter().all(|byte| matches!(byte, 0 | b' '));
    parsed.ok().or(is_blank.then_some(0))
}

/// A user or group. The largest `u32` is none: it means "unchanged" to `chown`.
fn id(number: u64) -> Option<u32> {
    u32::try_from(number).ok().filter(|id| *id != u32::MAX)
}

fn kind(entry_type: EntryType, path: &[u8]) -> Kind {
    match entry_type {
        // Before ustar a directory was a file whose name ends so.
        EntryType::Regular | EntryType::Continuous if path.ends_with(b"/") => Kind::Directory,
        EntryType::Regular | EntryType::Continuous => Kind::File,
        EntryType::Directory => Kind::Directory,
        EntryType::Symlink => Kind::Symlink,
        EntryType::Link => Kind::HardLink,
        EntryType::Fifo => Kind::Fifo,
        EntryType::Char | EntryType::Block => Kind::Device,
        other => Kind::Other(other.as_byte()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stream that is read, not sought.
    struct Bytes(io::Cursor<Vec<u8>>);

    impl Read for Bytes {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(buffer)
        }
    }

    impl Source for Bytes {
        fn skip(&mut self, count: u64) -> io::Result<()> {
            let skipped = io::copy(&mut (&mut self.0).take(count), &mut io::sink())?;
            if skipped < count {
                Err(io::ErrorKind::UnexpectedEof.into())
            } else {
                Ok(())
            }
        }
    }

    fn entries(archive: Vec<u8>) -> Entries<Bytes> {
        Entries::new(Bytes(io::Cursor::new(archive)))
    }

    fn file_header(size: u64) -> Header {
        let mut header = Header::new_ustar();
        header.set_size(size);
        header.set_mode(0o644);
        header.set_mtime(1);
        header.set_uid(0);
        header.set_gid(0);
        header
    }

    fn archive_with(extension: EntryType, content: &[u8]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        let mut header = file_header(content.len() as u64);
        header.set_entry_type(extension);
        builder
            .append_data(&mut header, "extension", content)
            .unwrap();
        builder
            .append_data(&mut file_header(5), "short", &b"hello"[..])
            .unwrap();
        builder.into_inner().unwrap()
    }

    #[test]
    fn a_record_whose_value_holds_line_breaks_is_kept_whole() {
        let value = b"\x01\n\x00\n=\n";
        let mut record = b"39 SCHILY.xattr.security.capability=".to_vec();
        record.extend_from_slice(value);
        record.push(b'\n');
        record.splice(..2, record.len().to_string().into_bytes());
        let mut entries = entries(archive_with(EntryType::XHeader, &record));

        let entry = entries.next().unwrap().unwrap();

        assert_eq!(entry.path, b"short");
        assert_eq!(
            entry.xattrs,
            [(b"security.capability".to_vec(), value.to_vec())]
        );
        assert!(entries.next().unwrap().is_none());
        assert!(entries.marked());
    }

    #[test]
    fn records_replace_path_owner_and_time() {
        let records = b"11 path=/x\n16 uid=70000000\n10 gid=12\n22 mtime=-1.250000000\n";
        let records: Vec<u8> = records
            .split_inclusive(|b| *b == b'\n')
            .flat_map(relength)
            .collect();

        let entry = entries(archive_with(EntryType::XHeader, &records))
            .next()
            .unwrap()
            .unwrap();

        assert_eq!(
            (entry.path.as_slice(), entry.uid, entry.gid),
            (&b"/x"[..], 70_000_000, 12)
        );
        assert_eq!(
            entry.mtime,
            Time {
                seconds: -2,
                nanoseconds: 750_000_000
            }
        );
    }

    /// A record with its length put right, so that a test may write any number.
    fn relength(record: &[u8]) -> Vec<u8> {
        let space = record.iter().position(|b| *b == b' ').unwrap();
        let tail = &record[space..];
        let mut length = tail.len() + 1;
        while length.to_string().len() + tail.len() != length {
            length += 1;
        }
        [length.to_string().as_bytes(), tail].concat()
    }

    #[test]
    fn a_gnu_long_name_ends_at_its_nul() {
        let name = [vec![b'n'; 300], vec![0]].concat();

        let entry = entries(archive_with(EntryType::GNULongName, &name))
            .next()
            .unwrap()
            .unwrap();

        assert_eq!(entry.path, vec![b'n'; 300]);
    }

    #[test]
    fn broken_extensions_are_errors_that_say_where() {
        let cases: [(&[u8], &str); 4] = [
            (b"5 a=b", "malformed extension at byte 0"),
            (b"99 path=x\n", "malformed extension at byte 0"),
            (b"path=x\n", "malformed extension at byte 0"),
            (b"18 size=minus one\n", "malformed extension at byte 0"),
        ];
        for (records, message) in cases {
            let error = entries(archive_with(EntryType::XHeader, records))
                .next()
                .unwrap_err();

            assert_eq!(error.to_string(), message);
        }
    }

    #[test]
    fn a_giant_extension_is_refused_before_it_is_read() {
        let mut header = file_header(1 << 40);
        header.set_entry_type(EntryType::XHeader);
        header.set_cksum();

        let error = entries(header.as_bytes().to_vec()).next().unwrap_err();

        assert_eq!(
            error.to_string(),
            "extension at byte 0 holds 1099511627776 bytes, more than 1048576"
        );
    }

    #[test]
    fn a_stream_cut_anywhere_is_truncated_or_unmarked() {
        let whole = archive_with(EntryType::GNULongName, b"long");
        // The two closing blocks of zeros are not needed in full, one is.
        for end in 0..whole.len() - 1023 {
            let mut entries = entries(whole[..end].to_vec());
            let outcome = loop {
                match entries.next() {
                    Ok(Some(_)) => {}
                    Ok(None) => break Ok(entries.marked()),
                    Err(error) => break Err(error),
                }
            };
            assert!(
                matches!(outcome, Ok(false) | Err(EntryError::Truncated { .. })),
                "{end}: {outcome:?}"
            );
        }
    }

    #[test]
    fn content_is_read_as_far_as_it_goes_and_no_further() {
        let mut entries = entries(archive_with(EntryType::XGlobalHeader, b"anything"));
        let entry = entries.next().unwrap().unwrap();
        let mut buffer = [0; 64];

        let count = entries.read(&mut buffer).unwrap();

        assert_eq!((entry.size, &buffer[..count]), (5, &b"hello"[..]));
        assert_eq!(entries.read(&mut buffer).unwrap(), 0);
    }
}
