//! Progress: what a person (or a program) sees of a build while it runs, and why it failed.
//!
//! Takes the daemon's reports of one or several solves at once; a vertex of several solves is one step and is shown
//! once. No clock is read and nothing waits: the same reports always give the same text. No line of a log is lost.
//! What is kept of a step that has ended is its name; of one that failed, the end of its log too.
//!
//! - [`Progress`] is the state machine, [`run`] feeds it from a channel on a thread of its own.
//! - [`FailureReport`] is the text of a solve that failed.
//! - [`DaemonLog`] (`daemon_log`) is the daemon's own log beside it, as JSON.
//! - `runner`: takes the reports as they come, and knows the time.
//! - `trace`, `step`, `part`, `warning`: what the reports amount to, as `event`s.
//! - `line`, `tail`, `excerpt`, `amount`: logs, source files and figures made fit to show.
//! - `plain`, `json`: the two ways to show events.
//! - `cause`, `missing`, `hint`, `failure`: the daemon's message made readable, what a person may do, and what surrounds it.
//!
//! Reads, writes: only the `Write` it was given. Unknown here: requests, plans, the wire.
//! Secrets are not masked: none reaches this room, unless a process of the build prints one.

mod amount;
mod cause;
mod daemon_log;
mod event;
mod excerpt;
mod failure;
mod hint;
mod json;
mod line;
mod missing;
mod part;
mod plain;
mod runner;
mod step;
mod tail;
mod trace;
mod warning;

use std::io::{self, Write};

use crate::line::Colours;
use crate::plain::Plain;
use crate::step::Outcome;
use crate::trace::{Patience, Trace};
use oci_image_buildkit::status::{Status, VertexLog};

pub use crate::daemon_log::DaemonLog;
pub use crate::failure::FailureReport;
pub use crate::hint::{FirstLine, Known};
pub use crate::missing::{ContextName, Excluding, ListContext};
pub use crate::runner::run;

/// How much of a report's logs is shown at once, in bytes.
const MOST_AT_ONCE: usize = 64 << 10;

/// One of the solves that a [`Progress`] shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SolveId(usize);

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Lines of text for a person, in a log.
    Plain,
    /// The same with colours, those of the build's processes included, for a person at a terminal.
    Coloured,
    /// One JSON object a line, for a program. The keys are documented in `progress/json.rs`.
    Json,
}

impl Mode {
    /// Text with colours if the reader is a terminal, unless the environment variable `NO_COLOR` is set and not empty.
    #[must_use]
    pub fn text(reader: &impl io::IsTerminal) -> Self {
        let declined = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        if reader.is_terminal() && !declined {
            Self::Coloured
        } else {
            Self::Plain
        }
    }

    fn colours(self) -> Colours {
        match self {
            Self::Coloured => Colours::Keep,
            Self::Plain | Self::Json => Colours::Strip,
        }
    }
}

/// A step that failed, with the end of its log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedStep {
    /// Digest of the vertex.
    pub digest: String,
    /// The number that progress shows: `#7`.
    pub number: u32,
    /// What a person calls it: `[build 3/4] RUN make`.
    pub name: String,
    /// Why it failed, in the daemon's words.
    pub error: String,
    /// The last lines of its log, at most 40 and about 16 KiB.
    pub tail: Vec<String>,
    /// How many lines the log had in all.
    pub lines: u64,
}

/// Shows the reports of one or several solves.
pub struct Progress<W> {
    out: W,
    trace: Trace,
    face: Face,
    /// The writer has failed: nobody reads any more.
    unread: bool,
}

enum Face {
    Plain(Plain),
    Json,
}

impl<W: Write> Progress<W> {
    /// Shows nothing yet, and later writes to `out`: whole lines, in one call for each report.
    pub fn new(mode: Mode, out: W) -> Self {
        let face = match mode {
            Mode::Plain | Mode::Coloured => Face::Plain(Plain::new(mode.colours())),
            Mode::Json => Face::Json,
        };
        Self {
            out,
            trace: Trace::new(mode.colours()),
            face,
            unread: false,
        }
    }

    /// Announces a solve and the target it builds. With more than one, every step says whose it is.
    pub fn add_solve(&mut self, target: &str) -> SolveId {
        self.trace.add_solve(target)
    }

    /// Announces an argument that is given a base image: that its default names none is not warned of.
    pub fn add_base_argument(&mut self, name: &str) {
        self.trace.add_base_argument(name);
    }

    /// Takes one report of a solve.
    ///
    /// # Errors
    /// Whatever the writer answers, once: after that nothing is written any more, and reports are still taken.
    pub fn update(&mut self, solve: SolveId, mut status: Status) -> io::Result<()> {
        let logs = std::mem::take(&mut status.logs);
        self.trace.update(solve, status);
        // What is to be shown is some times as large as a log of empty lines: not all of it is made at once.
        let mut written = Ok(());
        let mut taken = 0;
        for mut log in logs {
            while !log.message.is_empty() {
                let length = log.message.len().min(MOST_AT_ONCE);
                let piece = log.message.split_to(length);
                let message = VertexLog {
                    message: piece,
                    ..log.clone()
                };
                self.trace.log(solve, &message);
                taken += length + size_of::<VertexLog>();
                if taken >= MOST_AT_ONCE {
                    taken = 0;
                    written = written.and(self.settle(Patience::Waiting));
                }
            }
        }
        written.and(self.settle(Patience::Waiting))
    }

    /// Shows what was held back for reports that might follow at once; to be called after about 200 ms without any.
    ///
    /// # Errors
    /// As [`Progress::update`].
    pub fn idle(&mut self) -> io::Result<()> {
        self.settle(Patience::Idle)
    }

    /// Shows lines that have no end yet, such as a question that waits for an answer; to be called after about 5 s
    /// without any report.
    ///
    /// # Errors
    /// As [`Progress::update`].
    pub fn stalled(&mut self) -> io::Result<()> {
        self.settle(Patience::Stalled)
    }

    /// Shows everything that is left, and the warnings of the build. There are no reports after this.
    ///
    /// # Errors
    /// As [`Progress::update`].
    pub fn finish(&mut self) -> io::Result<()> {
        self.settle(Patience::Over)?;
        if let Face::Plain(plain) = &self.face {
            let mut text = String::new();
            plain.warnings(self.trace.warnings(), &mut text);
            self.write(&text)?;
        }
        Ok(())
    }

    /// The steps that have failed, in the order in which they were first shown.
    #[must_use]
    pub fn failed_steps(&self) -> Vec<FailedStep> {
        let mut failed: Vec<FailedStep> = (self.trace.steps().iter())
            .filter_map(|step| match &step.ended {
                Some(Outcome::Failed(error)) => Some(FailedStep {
                    digest: step.digest.clone(),
                    number: step.number.unwrap_or(0),
                    name: step.name.clone(),
                    error: error.clone(),
                    tail: step.tail.lines().map(str::to_owned).collect(),
                    lines: step.tail.seen(),
                }),
                _ => None,
            })
            .collect();
        failed.sort_by_key(|step| step.number);
        failed
    }

    /// Gives the writer back.
    pub fn into_writer(self) -> W {
        self.out
    }

    fn settle(&mut self, patience: Patience) -> io::Result<()> {
        let mut text = String::new();
        for event in self.trace.settle(patience) {
            match &mut self.face {
                Face::Plain(plain) => plain.accept(&event, self.trace.step(event.step)),
                Face::Json => json::write(&event, &self.trace, &mut text),
            }
        }
        if let Face::Plain(plain) = &mut self.face {
            plain.settle(&self.trace, patience, &mut text);
        }
        self.write(&text)
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        if text.is_empty() || self.unread {
            return Ok(());
        }
        let written = self
            .out
            .write_all(text.as_bytes())
            .and_then(|()| self.out.flush());
        self.unread = written.is_err();
        written
    }
}
