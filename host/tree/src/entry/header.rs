//! The header of an entry, with everything that extends it: what the entry is.
//!
//! Unknown here: streams. Source: POSIX.1-2024 `pax`, ustar; GNU tar, base-256 numbers.

use std::io;

use tar::{EntryType, Header};

use crate::extension::Extensions;
use crate::time::Time;

/// The size of a tar header and the unit to which content is padded, in bytes.
pub const BLOCK: u64 = 512;

/// What an entry stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// Another name of an entry before it.
    HardLink,
    /// A pipe.
    Fifo,
    /// A device node.
    Device,
    /// A type that no writer of images produces (GNU sparse and multi-volume, vendors' own), by its type byte.
    Other(u8),
}

/// One entry, as its header and extensions describe it. Paths are bytes, exactly as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its path.
    pub path: Vec<u8>,
    /// What it stands for.
    pub kind: Kind,
    /// The target of a symlink or hard link; empty for every other kind.
    pub link: Vec<u8>,
    /// Bytes of content that follow the header.
    pub size: u64,
    /// Where the content starts, in bytes from the start of the stream.
    pub offset: u64,
    /// Its permissions, with the bits for owners and sticky directories.
    pub mode: u32,
    /// Whose it is.
    pub uid: u32,
    /// Whose group's it is.
    pub gid: u32,
    /// When its content was modified.
    pub mtime: Time,
    /// Extended attributes, name and value, in the order of the records.
    pub xattrs: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Entry {
    /// Its path as text, for messages.
    pub fn name(&self) -> String {
        String::from_utf8_lossy(&self.path).into_owned()
    }
}

/// Header and extensions as one entry, or its path and the number that is invalid.
pub(super) fn describe(
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
    let has_content = matches!(kind, Kind::File | Kind::Other(_));
    // The size of a hard link is that of its target in some archives, and no content follows. Whether any follows another
    // entry without content is not the same to all readers (GNU tar passes over it, Go's reader does not).
    if !has_content && kind != Kind::HardLink && numbers.size > 0 {
        return Err((path, "size"));
    }
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
