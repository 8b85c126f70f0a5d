//! What the daemon says of a solve that failed, as types.
//!
//! Source: BuildKit v0.32.2, `solver/errdefs`; the details of a gRPC status are `Any` values that hold JSON.

/// A solve that the daemon reports as failed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SolveFailure {
    /// The daemon's message, the whole chain in one line.
    pub message: String,
    /// The places in source files (a Dockerfile) that the failure belongs to, innermost first.
    pub sources: Vec<Source>,
    /// Digest of the vertex that failed.
    pub vertex: Option<String>,
    /// Exit code of the process that failed, where one ran.
    pub exit_code: Option<u32>,
}

/// Lines of a source file that the daemon points at.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Source {
    /// Name of the file, as the frontend knows it: `Dockerfile`.
    pub filename: String,
    /// The whole text of the file.
    pub data: Vec<u8>,
    /// The lines meant.
    pub ranges: Vec<LineRange>,
}

/// Lines `start..=end`, counted from 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LineRange {
    /// First line.
    pub start: u32,
    /// Last line.
    pub end: u32,
}
