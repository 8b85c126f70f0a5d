//! Why a stream cannot be unpacked, always with the path as it would be in the finished tree.

use std::io;
use std::path::PathBuf;

use crate::entry::EntryError;
use crate::own::LIMIT;
use crate::path::{DEPTH_LIMIT, LENGTH_LIMIT};
use oci_image_boundary::outside::shown;

/// Why a root filesystem cannot be unpacked. `path` is the directory itself, or the file in it that is meant.
#[derive(Debug, thiserror::Error)]
#[expect(
    missing_docs,
    reason = "the message of a variant says what each of its fields is"
)]
pub enum RootfsError {
    /// The directory in which the tree grows cannot be made.
    #[error("cannot make a directory beside `{}`", shown(path))]
    Stage { path: PathBuf, source: io::Error },
    /// The stream is malformed, fails, or ends within an entry.
    #[error("the tar stream for `{}` is broken", shown(path))]
    Stream { path: PathBuf, source: EntryError },
    /// The stream ends between two entries.
    #[error("the tar stream for `{}` ends without its end mark", shown(path))]
    Unfinished { path: PathBuf },
    /// The stream fails after its end mark, where nothing but zeros is left.
    #[error("the tar stream for `{}` fails after its end mark", shown(path))]
    AfterEnd { path: PathBuf, source: io::Error },
    /// A stream is compressed, and cannot be read.
    #[error("the tar stream for `{}` cannot be read", shown(path))]
    Compressed { path: PathBuf, source: io::Error },
    /// An entry's path leads out of a tree, is beyond what a file system takes, or is none.
    #[error(
        "entry `{entry}` is not a path inside of `{}` that is at most {DEPTH_LIMIT} directories deep and {LENGTH_LIMIT} bytes long",
        shown(path), entry = shown(entry))]
    EntryPath { path: PathBuf, entry: String },
    /// The root itself is said to be something else than a directory.
    #[error("`{}` would not be a directory", shown(path))]
    Root { path: PathBuf },
    /// A whiteout of nothing that has a name.
    #[error("entry `{entry}` of `{}` has an invalid whiteout name", shown(path), entry = shown(entry))]
    Whiteout { path: PathBuf, entry: String },
    /// A layer has more entries than are kept in memory.
    #[error("a layer for `{}` has more than {LIMIT} entries", shown(path))]
    TooManyEntries { path: PathBuf },
    /// An entry lies below something that is no directory, such as a symlink, and may not be replaced.
    #[error("`{}` cannot be entered: it is not a directory", shown(path))]
    NotADirectory { path: PathBuf },
    /// An entry of a kind that no image holds.
    #[error("`{}` is an entry of the unknown kind `{}`", shown(path), kind.escape_debug())]
    Kind { path: PathBuf, kind: char },
    /// A directory cannot be opened or made.
    #[error("cannot enter `{}`", shown(path))]
    Enter { path: PathBuf, source: io::Error },
    /// An entry cannot be made.
    #[error("cannot create `{}`", shown(path))]
    Create { path: PathBuf, source: io::Error },
    /// What an entry replaces cannot be removed.
    #[error("cannot replace `{}`", shown(path))]
    Replace { path: PathBuf, source: io::Error },
    /// Content cannot be written.
    #[error("cannot write `{}`", shown(path))]
    Write { path: PathBuf, source: io::Error },
    /// A hard link's target leads out of a tree, or is no path of a file.
    #[error("hard link `{}` leads to `{to}`, which is not a path inside", shown(path), to = shown(to))]
    LinkPath { path: PathBuf, to: String },
    /// A hard link cannot be made.
    #[error("cannot link `{}` to `{}`", shown(path), shown(to))]
    HardLink {
        path: PathBuf,
        to: PathBuf,
        source: io::Error,
    },
    /// An owner, mode, time or extended attribute cannot be set.
    #[error("cannot set the {attribute} of `{}`", shown(path))]
    Attribute {
        path: PathBuf,
        attribute: &'static str,
        source: io::Error,
    },
    /// Extended attributes of directories beyond what is kept in memory.
    #[error(
        "the extended attributes of directories up to `{}` hold more than {limit} bytes together",
        shown(path)
    )]
    TooManyAttributes { path: PathBuf, limit: usize },
    /// The finished tree cannot take its place.
    #[error("cannot put `{}` into its place", shown(path))]
    Commit { path: PathBuf, source: io::Error },
    /// The tree took its place, and what stood there cannot be removed.
    #[error("cannot remove what `{}` replaced", shown(path))]
    RemoveOld { path: PathBuf, source: io::Error },
}

impl RootfsError {
    /// Whether the stream says what no tree can be. Every other error is the machine's, or the sender's.
    pub fn is_of_the_stream(&self) -> bool {
        match self {
            Self::EntryPath { .. }
            | Self::Root { .. }
            | Self::Whiteout { .. }
            | Self::TooManyEntries { .. }
            | Self::NotADirectory { .. }
            | Self::Kind { .. }
            | Self::LinkPath { .. }
            | Self::TooManyAttributes { .. } => true,
            Self::Stream { source, .. } => !matches!(source, EntryError::Read { .. }),
            Self::Create { source, .. } | Self::Enter { source, .. } => {
                source.kind() == io::ErrorKind::InvalidFilename
            }
            Self::HardLink { source, .. } => matches!(
                source.kind(),
                io::ErrorKind::NotFound
                    | io::ErrorKind::NotADirectory
                    | io::ErrorKind::PermissionDenied
            ),
            _ => false,
        }
    }
}
