//! A step of this program itself, among those that a daemon reports.
//!
//! Reads, writes: nothing. Unknown here: what is done in it.

use std::time::SystemTime;

use oci_image_buildkit::status::{Status, Vertex, VertexProgress};

/// Work of this program that is shown as a step is.
#[derive(Debug, Clone)]
pub struct OwnStep {
    name: &'static str,
    /// What is done with bytes: `compressed`.
    deed: &'static str,
    begun: SystemTime,
}

impl OwnStep {
    /// Work that has begun; `deed` says what is done with bytes: `compressed`.
    #[must_use]
    pub fn begun(name: &'static str, deed: &'static str, begun: SystemTime) -> Self {
        Self { name, deed, begun }
    }

    /// A report of it: that so many bytes of so many are done.
    #[must_use]
    pub fn status(&self, done: u64, total: u64, now: SystemTime) -> Status {
        self.report(done, total, now, None)
    }

    /// The last report of it.
    #[must_use]
    pub fn ended(&self, total: u64, now: SystemTime) -> Status {
        self.report(total, total, now, Some(now))
    }

    fn report(&self, done: u64, total: u64, now: SystemTime, ended: Option<SystemTime>) -> Status {
        let digest = format!("own:{}", self.name);
        let amount = |bytes| i64::try_from(bytes).unwrap_or(i64::MAX);
        Status {
            vertices: vec![Vertex {
                digest: digest.clone(),
                name: self.name.to_owned(),
                started: Some(self.begun),
                completed: ended,
                inputs: Vec::new(),
                cached: false,
                error: String::new(),
            }],
            progress: vec![VertexProgress {
                id: self.deed.to_owned(),
                name: String::new(),
                vertex: digest,
                current: amount(done),
                total: amount(total),
                timestamp: Some(now),
                started: Some(self.begun),
                completed: ended,
            }],
            ..Status::default()
        }
    }
}
