//! The order of a solve's reports: everything in them, in the order in which it happened.
//!
//! The daemon collects what nobody has asked for yet, and says it in one report: how each vertex stands by then, and all logs since the
//! last one. With more than 1 MiB of logs it goes on in further reports, which have nothing but logs, so that the end of a vertex, and of
//! those after it, is told before most of what it printed. Shown as it comes, such a step would end in the middle of a line. Here the
//! end waits for the log.
//!
//! Holds of a solve the changes of one report, and no logs. Reads, writes: nothing. Unknown here: what a report amounts to.
//! Source: BuildKit, `client/status.go` (`SolveStatus.Marshal`), `solver/progress.go` (`Job.Status`).

use std::collections::VecDeque;
use std::time::SystemTime;

use oci_image_buildkit::status::{Status, Vertex, VertexLog, VertexProgress, VertexWarning};

/// With more than so many bytes of logs, a report goes on in the next one.
const MOST_OF_LOGS: usize = 1 << 20;

/// What is to be taken next.
pub(super) enum Piece {
    /// Changes, and no logs.
    Changes(Status),
    Log(VertexLog),
}

/// What of a solve's reports has happened later than the logs that have come.
#[derive(Debug, Default)]
pub(super) struct Order {
    /// By its time, the earliest first.
    later: VecDeque<(Option<SystemTime>, Change)>,
    warnings: Vec<VertexWarning>,
    /// Whether the last report goes on in the next one.
    goes_on: bool,
}

#[derive(Debug)]
enum Change {
    Vertex(Vertex),
    Progress(VertexProgress),
}

impl Order {
    /// Takes a report, and returns what has happened by the time of its last log: all of it, unless it goes on.
    pub(super) fn take(&mut self, mut status: Status) -> Vec<Piece> {
        let logs = std::mem::take(&mut status.logs);
        let has_changes = !status.vertices.is_empty() || !status.progress.is_empty();
        let is_rest = self.goes_on && !has_changes && !logs.is_empty();
        let bytes: usize = logs.iter().map(|log| log.message.len()).sum();
        let mut pieces = Vec::with_capacity(logs.len() + 2);
        if !is_rest {
            pieces.extend(self.rest());
        }
        if logs.is_empty() {
            pieces.push(Piece::Changes(status));
            return pieces;
        }
        self.goes_on = is_rest || bytes > MOST_OF_LOGS;
        self.hold(status);
        for log in logs {
            pieces.extend(self.until(log.timestamp));
            pieces.push(Piece::Log(log));
        }
        if !self.goes_on {
            pieces.extend(self.rest());
        }
        pieces
    }

    /// What was held back: nothing is expected to come before it.
    pub(super) fn rest(&mut self) -> Option<Piece> {
        self.goes_on = false;
        let later = std::mem::take(&mut self.later);
        let warnings = std::mem::take(&mut self.warnings);
        changes(later, warnings)
    }

    fn hold(&mut self, status: Status) {
        for vertex in status.vertices {
            // It has run while it printed.
            if let (false, Some(started), Some(_)) =
                (vertex.cached, vertex.started, vertex.completed)
            {
                let running = Vertex {
                    completed: None,
                    error: String::new(),
                    ..vertex.clone()
                };
                (self.later).push_back((Some(started), Change::Vertex(running)));
            }
            let time = vertex.completed.or(vertex.started);
            self.later.push_back((time, Change::Vertex(vertex)));
        }
        for progress in status.progress {
            let time = progress.timestamp;
            self.later.push_back((time, Change::Progress(progress)));
        }
        self.later.make_contiguous().sort_by_key(|(time, _)| *time);
        // Each piece of a report repeats them.
        if !status.warnings.is_empty() {
            self.warnings = status.warnings;
        }
    }

    /// What has happened by then; what has no time has happened already.
    fn until(&mut self, time: Option<SystemTime>) -> Option<Piece> {
        let count = self.later.partition_point(|(at, _)| *at <= time);
        changes(self.later.drain(..count), Vec::new())
    }
}

/// Changes as a report of them; none if there are none.
fn changes(
    changes: impl IntoIterator<Item = (Option<SystemTime>, Change)>,
    warnings: Vec<VertexWarning>,
) -> Option<Piece> {
    let mut status = Status {
        warnings,
        ..Status::default()
    };
    for (_, change) in changes {
        match change {
            Change::Vertex(vertex) => status.vertices.push(vertex),
            Change::Progress(progress) => status.progress.push(progress),
        }
    }
    (status != Status::default()).then_some(Piece::Changes(status))
}
