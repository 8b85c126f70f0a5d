//! One thing that a cache holds, with all that is kept of it.
//!
//! Reads: what stands there. Writes: nothing. Unknown here: what else there is.

use std::fs;
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::Path;

use oci_image_tree::is_kept;
use rustix::fs::{lgetxattr, llistxattr};
use rustix::io::Errno;

/// A file, a directory, a link or a pipe.
pub(crate) struct Entry {
    /// Below the cache's root; `.` for that.
    pub(crate) path: Vec<u8>,
    pub(crate) content: Content,
    /// Permissions, with the bits for owners and sticky directories.
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    /// When its content was changed.
    pub(crate) seconds: i64,
    pub(crate) nanoseconds: u32,
    /// Sorted by name.
    pub(crate) xattrs: Vec<(Vec<u8>, Vec<u8>)>,
}

/// What an entry is.
pub(crate) enum Content {
    Directory,
    File {
        size: u64,
    },
    Pipe,
    /// To this, as it is written.
    Symlink(Vec<u8>),
    /// Another name of an entry that comes before it.
    HardLink(Vec<u8>),
}

impl Entry {
    /// What stands at a path; `None` if it is not kept. `earlier` is the path of the entry that is the same file, if there is one.
    pub(crate) fn at(
        path: &Path,
        metadata: &fs::Metadata,
        earlier: Option<&[u8]>,
    ) -> io::Result<Option<Self>> {
        let kind = metadata.file_type();
        let content = match earlier {
            Some(earlier) => Content::HardLink(earlier.to_vec()),
            None if kind.is_dir() => Content::Directory,
            None if kind.is_file() => Content::File {
                size: metadata.size(),
            },
            None if kind.is_symlink() => {
                Content::Symlink(fs::read_link(path)?.into_os_string().into_vec())
            }
            None if kind.is_fifo() => Content::Pipe,
            None => return Ok(None),
        };
        let has_xattrs = matches!(content, Content::Directory | Content::File { .. });
        Ok(Some(Self {
            path: path.as_os_str().as_bytes().to_vec(),
            content,
            mode: metadata.mode() & 0o7777,
            uid: metadata.uid(),
            gid: metadata.gid(),
            seconds: metadata.mtime(),
            nanoseconds: u32::try_from(metadata.mtime_nsec()).unwrap_or_default(),
            xattrs: if has_xattrs {
                xattrs(path)?
            } else {
                Vec::new()
            },
        }))
    }

    /// Where a link leads.
    pub(crate) fn link(&self) -> &[u8] {
        match &self.content {
            Content::Symlink(to) | Content::HardLink(to) => to,
            _ => &[],
        }
    }

    /// How many bytes its content has in an archive.
    pub(crate) fn size(&self) -> u64 {
        match self.content {
            Content::File { size } => size,
            _ => 0,
        }
    }
}

/// Extended attributes that are kept; none on a file system that has none.
fn xattrs(path: &Path) -> io::Result<Vec<(Vec<u8>, Vec<u8>)>> {
    let mut few = [0; 256];
    let mut many = Vec::new();
    let listed = match llistxattr(path, &mut few[..]) {
        Err(Errno::RANGE) => {
            many.resize(64 << 10, 0); // as many as Linux gives: XATTR_LIST_MAX
            llistxattr(path, &mut many[..]).map(|length| &many[..length])
        }
        listed => listed.map(|length| &few[..length]),
    };
    let names = match listed {
        Ok(names) => names,
        Err(Errno::OPNOTSUPP) => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let mut kept = Vec::new();
    for name in names.split(|byte| *byte == 0) {
        if name.is_empty() || !is_kept(name) {
            continue;
        }
        let mut value = vec![0; 64 << 10]; // XATTR_SIZE_MAX
        let length = lgetxattr(path, name, &mut value[..])?;
        value.truncate(length);
        value.shrink_to_fit();
        kept.push((name.to_vec(), value));
    }
    kept.sort();
    Ok(kept)
}
