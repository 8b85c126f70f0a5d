//! Events: what there is to show, in the order in which it happened.
//!
//! Every event belongs to a step that has a number; an event is shown once, whatever number of solves reported it.
//!
//! Reads, writes: nothing. Unknown here: how an event is shown.

use std::time::{Duration, SystemTime};

/// One thing to show about a step.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Event {
    /// Index of the step in the trace.
    pub step: usize,
    /// When it happened, by the daemon's clock.
    pub time: SystemTime,
    pub kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// The step began.
    Started,
    /// A part of the step, for example a transfer, is this far.
    Progress(Advance),
    /// The frontend warns of the step.
    Warning(String),
    /// The step's process printed a line.
    Log {
        stream: i64,
        since_start: Duration,
        line: String,
    },
    /// The step ended.
    Ended(End),
}

/// How far a part of a step is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Advance {
    pub name: String,
    pub current: i64,
    /// 0 where unknown.
    pub total: i64,
    pub started: Option<SystemTime>,
    pub elapsed: Option<Duration>,
    pub done: bool,
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    /// It ran, for so long in all.
    Done(Duration),
    Cached,
    Canceled,
    Failed(String),
    /// The reports ended before the step did: the daemon or the connection is gone.
    Interrupted,
}
