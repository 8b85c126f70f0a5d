//! How a daemon ended.
//!
//! Reads and writes: nothing.

use std::fmt;
use std::io;
use std::process::ExitStatus;

use crate::warning::Warning;

/// How a daemon ended.
#[derive(Debug, Clone)]
pub struct Exit {
    /// The status of buildkitd, or of rootlesskit where that ran it.
    pub status: Status,
    /// The end of what it printed: whole lines, at most 64 KiB, without stack traces.
    pub log: String,
    /// What could not be tidied away after it.
    pub warnings: Vec<Warning>,
}

/// What a daemon's end says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Its exit status, or the signal that ended it.
    Known(ExitStatus),
    /// Nothing: this process ignores SIGCHLD, so that the kernel keeps no status.
    Unknown,
}

impl From<io::Result<ExitStatus>> for Status {
    fn from(waited: io::Result<ExitStatus>) -> Self {
        waited.map_or(Self::Unknown, Self::Known)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(status) => status.fmt(f),
            Self::Unknown => f.write_str("its exit status is unknown"),
        }
    }
}
