//! Why nobody can tell whether a context is as it was. It is compared then, as a context is that is sent for the first time.
//!
//! Reads and writes: nothing. Unknown here: how that was found out.

use std::io;
use std::path::PathBuf;

use crate::context::walk::WalkError;
use oci_image_boundary::outside::shown;

/// Why nobody can tell whether a context is as it was.
#[derive(Debug, thiserror::Error)]
pub enum Unknown {
    /// It cannot be listed; nor can it be sent.
    #[error(transparent)]
    Walk(#[from] WalkError),
    /// It cannot be looked at.
    #[error("cannot examine `{}`", shown(path))]
    Examine {
        /// The directory.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// A file that is asked for by its name cannot be read.
    #[error("cannot read `{}`", shown(path))]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// Its file system may leave a change without a date: it belongs to another machine, is made by a program, is never written to.
    #[error(
        "the file system of `{}` is not known to date every change",
        shown(path)
    )]
    FileSystem {
        /// The directory.
        path: PathBuf,
    },
    /// Something stands in it that is on another file system.
    #[error(
        "`{}` is on another file system than the directory that it is in",
        shown(path)
    )]
    Mount {
        /// The entry.
        path: PathBuf,
    },
    /// What was changed a moment ago may change again without another date.
    #[error(
        "`{}` was changed a moment ago, or is dated in the future",
        shown(path)
    )]
    Young {
        /// The entry.
        path: PathBuf,
    },
    /// Two changes within a second have one date.
    #[error("the change of `{}` is dated in whole seconds", shown(path))]
    WholeSeconds {
        /// The entry.
        path: PathBuf,
    },
    /// Nobody wants to know any more.
    #[error("it was called off")]
    Cancelled,
}
