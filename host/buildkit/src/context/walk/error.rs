//! Why a tree cannot be listed, and the limits of what can be sent of it.
//!
//! Reads and writes: nothing. Unknown here: how a tree is listed.

use std::io;
use std::path::PathBuf;

use crate::context::ignore::PatternError;
use oci_image_boundary::outside::shown;

/// The longest path, in bytes (`PATH_MAX` without its NUL).
pub(super) const PATH_LIMIT: usize = 4095;

/// How much all extended attributes of an entry may hold, in bytes: the daemon takes messages of 16 MiB. Of one that has more, the
/// system's own error for a list that is too large is given (`E2BIG`).
pub(super) const ATTRIBUTES_LIMIT: usize = 15 << 20;

/// Why a tree cannot be listed.
#[derive(Debug, thiserror::Error)]
pub enum WalkError {
    /// A directory cannot be read.
    #[error("cannot list `{}`", shown(path))]
    List {
        /// The directory.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// An entry's metadata cannot be read.
    #[error("cannot examine `{}`", shown(path))]
    Examine {
        /// The entry.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// A path is longer than the system takes, below the root alone; the daemon could not make it either.
    #[error(
        "`{}` is {length} bytes long below the directory that is sent, and the system takes {PATH_LIMIT}: shorten it, or leave it \
         out (`.dockerignore`)",
        shown(path)
    )]
    TooLong {
        /// The entry.
        path: PathBuf,
        /// The length of its path below the root, in bytes.
        length: usize,
    },
    /// An entry's extended attributes are more than the daemon takes.
    #[error(
        "the extended attributes of `{}` hold more than {ATTRIBUTES_LIMIT} bytes together, which the daemon does not take: remove \
         them, or leave it out (`.dockerignore`)",
        shown(path)
    )]
    Attributes {
        /// The entry.
        path: PathBuf,
    },
    /// A pattern of the filter is malformed.
    #[error("the daemon asks with a malformed pattern")]
    Pattern {
        /// The pattern.
        #[from]
        source: PatternError,
    },
    /// A thread of the walk panicked.
    #[error("the walk broke off in `{}`", shown(path))]
    Broken {
        /// What it was at.
        path: PathBuf,
    },
}

impl WalkError {
    /// Whether the tree holds what cannot be sent. Every other error is the machine's, or of what is asked.
    pub fn is_of_the_tree(&self) -> bool {
        matches!(self, Self::TooLong { .. } | Self::Attributes { .. })
    }
}
