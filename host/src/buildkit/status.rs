//! What the daemon reports of a solve while it runs: vertices, their progress, logs and warnings.
//!
//! Our own types, so that whoever shows progress does not depend on the wire.
//! Source: BuildKit v0.32.2, `api/services/control/control.proto` (`StatusResponse`).

use std::time::SystemTime;

use bytes::Bytes;

use crate::buildkit::error::Source;

/// One report of the daemon: whatever changed since the last one, of every vertex of the solve.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Status {
    /// Vertices that are new, started, completed or restarted.
    pub vertices: Vec<Vertex>,
    /// Progress within vertices, for example of one blob's transfer.
    pub progress: Vec<VertexProgress>,
    /// Output of the processes that vertices run.
    pub logs: Vec<VertexLog>,
    /// What the frontend warns of, for example a lint of the Dockerfile.
    pub warnings: Vec<VertexWarning>,
}

/// One node of the build graph. The same digest in two solves is the same work, done once.
#[derive(Debug, Clone, PartialEq)]
pub struct Vertex {
    /// Identity of the vertex, `sha256:...`.
    pub digest: String,
    /// Digests of the vertices it builds upon.
    pub inputs: Vec<String>,
    /// What a person calls it, for example `[build 2/3] RUN make`.
    pub name: String,
    /// Whether its result was taken from the cache.
    pub cached: bool,
    /// When it (last) started; a vertex may restart.
    pub started: Option<SystemTime>,
    /// When it (last) completed.
    pub completed: Option<SystemTime>,
    /// Why it failed; empty if it did not.
    pub error: String,
}

/// How far a part of a vertex is, in the unit of that part (bytes, mostly).
#[derive(Debug, Clone, PartialEq)]
pub struct VertexProgress {
    /// Identity within the vertex.
    pub id: String,
    /// Digest of the vertex.
    pub vertex: String,
    /// What a person calls the part, for example `transferring context:`.
    pub name: String,
    /// Done so far.
    pub current: i64,
    /// To do in all; 0 where unknown.
    pub total: i64,
    /// When this was measured.
    pub timestamp: Option<SystemTime>,
    /// When the part started.
    pub started: Option<SystemTime>,
    /// When the part completed.
    pub completed: Option<SystemTime>,
}

/// A piece of what a vertex's process printed; not cut at lines.
#[derive(Debug, Clone, PartialEq)]
pub struct VertexLog {
    /// Digest of the vertex.
    pub vertex: String,
    /// When it was printed.
    pub timestamp: Option<SystemTime>,
    /// 1 for standard output, 2 for standard error.
    pub stream: i64,
    /// The bytes as printed.
    pub message: Bytes,
}

/// A warning of the frontend about a vertex.
#[derive(Debug, Clone, PartialEq)]
pub struct VertexWarning {
    /// Digest of the vertex.
    pub vertex: String,
    /// BuildKit's level, 1 the most severe.
    pub level: i64,
    /// One line.
    pub short: String,
    /// Further lines.
    pub detail: Vec<String>,
    /// Where to read more; empty if nowhere.
    pub url: String,
    /// The place in the Dockerfile.
    pub source: Option<Source>,
}
