//! What the daemon reports of a solve while it runs: vertices, their progress, logs and warnings.
//!
//! Our own types, so that whoever shows progress does not depend on the wire.
//! Source: BuildKit, `api/services/control/control.proto` (`StatusResponse`).

use std::time::{Duration, SystemTime};

use bollard_buildkit_proto::google::protobuf::Timestamp;
use bollard_buildkit_proto::moby::buildkit::v1 as wire;
use bytes::Bytes;

use crate::failure::Source;

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

impl From<wire::StatusResponse> for Status {
    fn from(wire: wire::StatusResponse) -> Self {
        Self {
            vertices: wire.vertexes.into_iter().map(Vertex::from).collect(),
            progress: wire
                .statuses
                .into_iter()
                .map(VertexProgress::from)
                .collect(),
            logs: wire.logs.into_iter().map(VertexLog::from).collect(),
            warnings: wire.warnings.into_iter().map(VertexWarning::from).collect(),
        }
    }
}

impl From<wire::Vertex> for Vertex {
    fn from(wire: wire::Vertex) -> Self {
        Self {
            digest: wire.digest,
            inputs: wire.inputs,
            name: wire.name,
            cached: wire.cached,
            started: wire.started.and_then(time),
            completed: wire.completed.and_then(time),
            error: wire.error,
        }
    }
}

impl From<wire::VertexStatus> for VertexProgress {
    fn from(wire: wire::VertexStatus) -> Self {
        Self {
            id: wire.id,
            vertex: wire.vertex,
            name: wire.name,
            current: wire.current,
            total: wire.total,
            timestamp: wire.timestamp.and_then(time),
            started: wire.started.and_then(time),
            completed: wire.completed.and_then(time),
        }
    }
}

impl From<wire::VertexLog> for VertexLog {
    fn from(wire: wire::VertexLog) -> Self {
        Self {
            vertex: wire.vertex,
            timestamp: wire.timestamp.and_then(time),
            stream: wire.stream,
            message: Bytes::from(wire.msg),
        }
    }
}

impl From<wire::VertexWarning> for VertexWarning {
    fn from(wire: wire::VertexWarning) -> Self {
        Self {
            vertex: wire.vertex,
            level: wire.level,
            short: text(&wire.short),
            detail: wire.detail.iter().map(|line| text(line)).collect(),
            url: wire.url,
            source: wire.info.map(|info| Source::from_wire(info, &wire.ranges)),
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// No time before 1970 and none that the clock cannot hold: the daemon measures the present.
fn time(wire: Timestamp) -> Option<SystemTime> {
    let since_epoch = Duration::new(wire.seconds.try_into().ok()?, wire.nanos.try_into().ok()?);
    SystemTime::UNIX_EPOCH.checked_add(since_epoch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_of_the_wire_becomes_ours_field_by_field() {
        let at = |seconds| Some(Timestamp { seconds, nanos: 5 });
        let ours = |seconds| Some(SystemTime::UNIX_EPOCH + Duration::new(seconds, 5));
        let wire = wire::StatusResponse {
            vertexes: vec![wire::Vertex {
                digest: "sha256:a".into(),
                inputs: vec!["sha256:b".into()],
                name: "RUN".into(),
                cached: true,
                started: at(1),
                completed: at(2),
                error: "no".into(),
                progress_group: None,
            }],
            statuses: vec![],
            logs: vec![wire::VertexLog {
                vertex: "sha256:a".into(),
                timestamp: at(3),
                stream: 2,
                msg: b"\xffx".to_vec(),
            }],
            warnings: vec![],
        };

        let expected = Status {
            vertices: vec![Vertex {
                digest: "sha256:a".into(),
                inputs: vec!["sha256:b".into()],
                name: "RUN".into(),
                cached: true,
                started: ours(1),
                completed: ours(2),
                error: "no".into(),
            }],
            logs: vec![VertexLog {
                vertex: "sha256:a".into(),
                timestamp: ours(3),
                stream: 2,
                message: Bytes::from_static(b"\xffx"),
            }],
            ..Status::default()
        };
        assert_eq!(Status::from(wire), expected);
    }

    #[test]
    fn a_time_that_the_clock_cannot_hold_is_no_time() {
        assert_eq!(
            time(Timestamp {
                seconds: -1,
                nanos: 0
            }),
            None
        );
        assert_eq!(
            time(Timestamp {
                seconds: i64::MAX,
                nanos: i32::MAX
            }),
            None
        );
    }
}
