//! What is known of a build when it has ended, as data.
//!
//! Every text is one line without commands to a terminal, and clipped. Times are the daemon's.
//!
//! Reads, writes: nothing. Unknown here: how it is shown.

use std::time::{Duration, SystemTime};

use super::kept_log::KeptLog;
use crate::account::Account;
use crate::part::since;

/// What happened in a build.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BuildRecord {
    /// How often it was begun: more than once where what failed the first time was put right.
    pub attempts: u32,
    /// The solves that ran side by side, by the names of their targets.
    pub targets: Vec<String>,
    /// The steps, in the order in which they began.
    pub steps: Vec<RecordedStep>,
    /// How many more there were.
    pub unrecorded: usize,
    /// What the frontend warns of, a hundred at most.
    pub warnings: Vec<RecordedWarning>,
    /// What the program itself warns of, a hundred at most.
    pub told: Vec<String>,
    /// What all steps came to.
    pub account: Account,
    /// What is built.
    pub dockerfile: Option<RecordedDockerfile>,
    /// The newest time that a report spoke of; none before the first.
    pub newest: Option<SystemTime>,
}

/// The Dockerfile, as it was when the build began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedDockerfile {
    /// As a person knows it.
    pub name: String,
    /// Its text as it is; the beginning of a long one.
    pub text: String,
    /// Whether that is not all.
    pub is_cut: bool,
}

/// A step, as it went.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedStep {
    /// The number that progress shows: `#7`.
    pub number: u32,
    /// What a person calls it: `[build 3/4] RUN make`.
    pub name: String,
    /// Which of the record's targets need it; none for a step of this program itself.
    pub targets: Vec<usize>,
    /// The steps that it builds upon, as places in the record.
    pub inputs: Vec<usize>,
    /// When it ran: once, as a rule. In order.
    pub runs: Vec<StepRun>,
    /// For how long it ran in all.
    pub duration: Duration,
    /// How it ended; `None`: it had not.
    pub end: Option<StepEnd>,
    /// What came and went in it.
    pub transfers: Vec<Transfer>,
    /// What it printed.
    pub log: KeptLog,
    /// What the frontend warns of in it.
    pub warnings: Vec<String>,
}

/// A time in which a step ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepRun {
    /// When it began.
    pub start: SystemTime,
    /// When it ended; `None`: it had not.
    pub end: Option<SystemTime>,
}

/// How a step has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepEnd {
    /// It ran.
    Done,
    /// Its result was there already.
    Cached,
    /// The build did not want it any more.
    Canceled,
    /// It failed, for this reason in the daemon's words.
    Failed(String),
    /// The build ended before it did.
    Interrupted,
}

/// A part of a step: one blob, one act of an exporter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// What it is: `transferring context:`, a digest.
    pub name: String,
    /// How much was done, in bytes mostly.
    pub current: i64,
    /// How much there was to do; 0 where unknown.
    pub total: i64,
    /// When it began.
    pub start: Option<SystemTime>,
    /// For how long it ran.
    pub elapsed: Option<Duration>,
    /// Whether it came to its end.
    pub done: bool,
}

/// What the frontend warns of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedWarning {
    /// One line.
    pub short: String,
    /// Further lines.
    pub detail: Vec<String>,
    /// Where to read more; empty if nowhere.
    pub url: String,
    /// Lines of the Dockerfile.
    pub excerpt: Option<String>,
}

impl BuildRecord {
    /// When the first step began.
    #[must_use]
    pub fn start(&self) -> Option<SystemTime> {
        self.steps.iter().filter_map(RecordedStep::start).min()
    }

    /// When the last step ended, or was last heard of.
    #[must_use]
    pub fn end(&self) -> Option<SystemTime> {
        let ends = self.steps.iter().map(|step| step.end_time(self.newest));
        ends.flatten().max()
    }
}

impl RecordedStep {
    /// When it first began; `None` if it never ran.
    #[must_use]
    pub fn start(&self) -> Option<SystemTime> {
        self.runs.first().map(|run| run.start)
    }

    /// When it last ended; `newest` if it had not.
    #[must_use]
    pub fn end_time(&self, newest: Option<SystemTime>) -> Option<SystemTime> {
        let ends = self.runs.iter().map(|run| run.end.or(newest));
        ends.flatten().max()
    }

    /// For how long it ran until `newest`.
    pub(super) fn ran(&self, newest: Option<SystemTime>) -> Duration {
        let open = self.runs.iter().find(|run| run.end.is_none());
        let running = open.zip(newest).map(|(run, now)| since(run.start, now));
        self.duration.saturating_add(running.unwrap_or_default())
    }

    /// Whether it is one of this program itself.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.targets.is_empty()
    }
}
