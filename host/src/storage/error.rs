//! Why storage cannot be looked at, or stays.

use std::io;
use std::path::PathBuf;

use crate::boundary::outside::shown;
use crate::buildkit::client::ConnectError;
use crate::buildkit::prune::PruneError;
use crate::daemon::{DaemonError, MissingProgram};

/// Why storage cannot be looked at, or stays.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The root cannot be read.
    #[error("cannot read `{}`", shown(path))]
    Read {
        /// The root, or what is in it.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A part of the root cannot be removed.
    #[error("cannot remove all that is to go from `{}`", shown(path))]
    Remove {
        /// The root, or what is in it.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A build puts its image together from the blobs that are kept.
    #[error("a build uses the blobs in `{}`: wait until it has ended", shown(path))]
    KeptInUse {
        /// Where they are kept.
        path: PathBuf,
    },
    /// A program of the daemon is not there.
    #[error(transparent)]
    Program(#[from] MissingProgram),
    /// The root cannot be used, or the daemon not be started or stopped.
    #[error(transparent)]
    Daemon(#[from] DaemonError),
    /// The daemon cannot be talked to.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// It does not prune.
    #[error(transparent)]
    Prune(#[from] PruneError),
}
