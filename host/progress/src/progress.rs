//! Progress: the state machine between the reports of solves and the text that is shown of them.
//!
//! Reads: nothing. Writes: only the `Write` it was given. Unknown here: requests, plans, the wire.

use std::io::{self, Write};

use crate::failed_step::FailedStep;
use crate::json;
use crate::mode::Mode;
use crate::plain::Plain;
use crate::step::SolveId;
use crate::trace::{Patience, Trace};
use oci_image_buildkit::status::{Status, VertexLog};

/// How much of a report's logs is shown at once, in bytes.
const MOST_AT_ONCE: usize = 64 << 10;

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
        let steps = self.trace.steps().iter();
        let mut failed: Vec<FailedStep> = steps.filter_map(FailedStep::of).collect();
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
