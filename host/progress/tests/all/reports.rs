//! Reports as a daemon makes them, of steps that are named like their digests; times are milliseconds.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use oci_image_buildkit::status::{Status, Vertex, VertexLog, VertexProgress};

pub(crate) fn at(ms: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000) + Duration::from_millis(ms)
}

/// A vertex that is named like its digest, from `started` on.
pub(crate) fn vertex(name: &str, started: Option<u64>, completed: Option<u64>) -> Vertex {
    Vertex {
        digest: format!("sha256:{name}"),
        inputs: Vec::new(),
        name: name.into(),
        cached: false,
        started: started.map(at),
        completed: completed.map(at),
        error: String::new(),
    }
}

pub(crate) fn failed(name: &str, started: u64, completed: u64, error: &str) -> Vertex {
    Vertex {
        error: error.into(),
        ..vertex(name, Some(started), Some(completed))
    }
}

pub(crate) fn cached(name: &str, time: u64) -> Vertex {
    Vertex {
        cached: true,
        ..vertex(name, Some(time), Some(time))
    }
}

pub(crate) fn vertices(vertices: &[Vertex]) -> Status {
    Status {
        vertices: vertices.into(),
        ..Status::default()
    }
}

pub(crate) fn started(name: &str, time: u64) -> Status {
    vertices(&[vertex(name, Some(time), None)])
}

pub(crate) fn done(name: &str, start: u64, end: u64) -> Status {
    vertices(&[vertex(name, Some(start), Some(end))])
}

pub(crate) fn log(name: &str, time: u64, message: impl Into<Bytes>) -> Status {
    let log = VertexLog {
        vertex: format!("sha256:{name}"),
        timestamp: Some(at(time)),
        stream: 1,
        message: message.into(),
    };
    Status {
        logs: vec![log],
        ..Status::default()
    }
}

pub(crate) fn part(name: &str, time: u64, current: i64, done: bool) -> Status {
    let progress = VertexProgress {
        id: "layer".into(),
        vertex: format!("sha256:{name}"),
        name: String::new(),
        current,
        total: 2_000_000,
        timestamp: Some(at(time)),
        started: Some(at(0)),
        completed: done.then(|| at(time)),
    };
    Status {
        progress: vec![progress],
        ..Status::default()
    }
}
