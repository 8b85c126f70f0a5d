//! Why a local cannot be sent.
//!
//! Reads and writes: nothing. Unknown here: what the daemon is told of it.

use std::io;
use std::path::PathBuf;

use crate::context::walk::WalkError;
use oci_image_boundary::outside::shown;

/// Why a local cannot be sent.
#[derive(Debug, thiserror::Error)]
pub enum FileSyncError {
    /// The tree cannot be listed.
    #[error(transparent)]
    Walk(#[from] WalkError),
    /// A file cannot be opened.
    #[error("cannot open `{}`", shown(path))]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// Something else has taken the place of a file since it was listed.
    #[error(
        "`{}` was a file when it was listed, and is none any more",
        shown(path)
    )]
    Replaced {
        /// The file.
        path: PathBuf,
    },
    /// A file cannot be read.
    #[error("cannot read `{}`", shown(path))]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// A file ended before the size that it had when it was opened.
    #[error(
        "`{}` shrank from {expected} to {actual} bytes while it was read",
        shown(path)
    )]
    Shrank {
        /// The file.
        path: PathBuf,
        /// Its size in bytes when it was opened.
        expected: u64,
        /// Where it ended.
        actual: u64,
    },
    /// Somebody changed what is told by its contents, after it was read.
    #[error(
        "`{}` changed between two looks at it; leave a context alone that is told by its contents, or have `.dockerignore` list what changes",
        shown(path)
    )]
    Changed {
        /// The entry.
        path: PathBuf,
    },
    /// The daemon asks for more than the session's identity tells of, or is sent something else, and what it is made of cannot be removed.
    #[error("cannot forget the identity of a context that is not what was expected")]
    Identity {
        /// What the system answered.
        source: io::Error,
    },
    /// The daemon asks for an entry that has no contents, or for one twice.
    #[error("the daemon asks for entry {id}, which was not offered")]
    NotOffered {
        /// Its place in the listing.
        id: u32,
    },
}
