//! Progress: the state machine between the reports of solves and the text that is shown of them.
//!
//! Reads: nothing. Writes: only the `Write` it was given. Unknown here: requests, plans, the wire.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use crate::account::Account;
use crate::dockerfile::lines_of_step;
use crate::failed_step::FailedStep;
use crate::failure::cache_warnings;
use crate::json;
use crate::live::{Live, Screen};
use crate::mode::Mode;
use crate::order::{Order, Piece};
use crate::plain::Plain;
use crate::record::Recorder;
use crate::step::SolveId;
use crate::trace::{Patience, Trace};
use oci_image_buildkit::status::{Status, VertexLog};
use oci_image_excerpt::Canvas;

/// How much of a report's logs is shown at once, in bytes.
const MOST_AT_ONCE: usize = 64 << 10;

/// Shows the reports of one or several solves.
pub struct Progress<W> {
    out: W,
    orders: BTreeMap<SolveId, Order>,
    trace: Trace,
    /// How much was taken that was not shown yet, in bytes.
    taken: usize,
    face: Face,
    mode: Mode,
    /// How wide excerpts are.
    columns: usize,
    recorder: Option<Recorder>,
    /// The writer has failed: nobody reads any more.
    unread: bool,
}

enum Face {
    Plain(Box<Plain>),
    Json,
    Live(Live),
}

impl Progress<Box<dyn Write + Send>> {
    /// Shows what runs on a screen, in colours if `mode` has them, and leaves a line of each step that ends.
    pub fn live(mode: Mode, screen: Screen) -> Self {
        let mut progress = Self::new(mode, Box::new(screen.clone()));
        progress.face = Face::Live(Live::new(mode.colours(), screen));
        progress
    }
}

impl<W: Write> Progress<W> {
    /// Shows nothing yet, and later writes to `out`: whole lines, in one call for each report.
    pub fn new(mode: Mode, out: W) -> Self {
        let face = match mode {
            Mode::Plain | Mode::Coloured => Face::Plain(Box::new(Plain::new(mode.colours()))),
            Mode::Json => Face::Json,
        };
        Self {
            out,
            orders: BTreeMap::new(),
            trace: Trace::new(mode.colours()),
            taken: 0,
            face,
            mode,
            columns: Canvas::USUAL,
            recorder: None,
            unread: false,
        }
    }

    /// The same, with excerpts for so many columns; without it they are [`Canvas::USUAL`] wide.
    #[must_use]
    pub fn of_columns(mut self, columns: usize) -> Self {
        self.columns = columns;
        self
    }

    /// Tells a recorder as well what happens, from the beginning of a build or of another attempt at it.
    #[must_use]
    pub fn recorded_by(mut self, recorder: Recorder) -> Self {
        recorder.begin();
        self.recorder = Some(recorder);
        self
    }

    /// The program itself, whose steps stand among those of the solves.
    #[must_use]
    pub fn own(&self) -> SolveId {
        SolveId::OWN
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
    pub fn update(&mut self, solve: SolveId, status: Status) -> io::Result<()> {
        let mut written = Ok(());
        for piece in self.orders.entry(solve).or_default().take(status) {
            written = written.and(self.take(solve, piece));
        }
        written.and(self.settle(Patience::Waiting))
    }

    fn take(&mut self, solve: SolveId, piece: Piece) -> io::Result<()> {
        let mut log = match piece {
            Piece::Log(log) => log,
            Piece::Changes(status) => {
                self.trace.update(solve, status);
                return Ok(());
            }
        };
        // What is to be shown is some times as large as a log of empty lines: not all of it is made at once.
        let mut written = Ok(());
        while !log.message.is_empty() {
            let length = log.message.len().min(MOST_AT_ONCE);
            let message = VertexLog {
                message: log.message.split_to(length),
                ..log.clone()
            };
            self.trace.log(solve, &message);
            self.taken += length + size_of::<VertexLog>();
            if self.taken >= MOST_AT_ONCE {
                written = written.and(self.settle(Patience::Waiting));
            }
        }
        written
    }

    /// Takes what was held back for logs that have not come.
    fn take_rest(&mut self) {
        for (solve, order) in &mut self.orders {
            if let Some(Piece::Changes(status)) = order.rest() {
                self.trace.update(*solve, status);
            }
        }
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
        self.take_rest();
        self.settle(Patience::Stalled)
    }

    /// Shows what changes by itself: clocks, and that nothing else is to be shown; to be called so long after the last report, once a
    /// second or more often.
    ///
    /// # Errors
    /// As [`Progress::update`].
    pub fn tick(&mut self, later: Duration) -> io::Result<()> {
        let mut text = String::new();
        match &mut self.face {
            Face::Plain(plain) => plain.break_silence(&self.trace, later, &mut text),
            Face::Live(live) => live.show(&self.trace, later),
            Face::Json => {}
        }
        self.write(&text)
    }

    /// Whether clocks are shown that run.
    pub(super) fn is_live(&self) -> bool {
        matches!(self.face, Face::Live(_))
    }

    /// Ends all steps: there are no more reports of those that began.
    ///
    /// # Errors
    /// As [`Progress::update`].
    pub fn close(&mut self) -> io::Result<()> {
        self.take_rest();
        let written = self.settle(Patience::Over);
        if let Some(recorder) = &self.recorder {
            recorder.close(&self.trace);
        }
        written
    }

    /// Shows everything that is left, and the warnings of the build. There are no reports after this.
    ///
    /// # Errors
    /// As [`Progress::update`].
    pub fn finish(&mut self) -> io::Result<()> {
        self.close()?;
        let mut text = String::new();
        match &self.face {
            Face::Json => return Ok(()),
            Face::Plain(_) | Face::Live(_) => {
                let canvas = self.mode.canvas(self.columns);
                self.trace.warnings().write(canvas, &mut text);
            }
        }
        let written = self.write(&text);
        if let Face::Live(live) = &self.face {
            live.end();
        }
        written
    }

    /// The steps that have failed, in the order in which they were first shown.
    #[must_use]
    pub fn failed_steps(&self) -> Vec<FailedStep> {
        let steps = self.trace.steps().iter();
        let mut failed: Vec<FailedStep> = steps.filter_map(FailedStep::of).collect();
        failed.sort_by_key(|step| step.number);
        failed
    }

    /// What a person should know of the layer caches of a build that has succeeded: which were not written, and which want a login.
    #[must_use]
    pub fn cache_warnings(&self) -> Vec<String> {
        cache_warnings(&self.failed_steps())
    }

    /// The first and the last line, from 1, of the instruction of a Dockerfile that a step is; `None` where that is not certain.
    #[must_use]
    pub fn lines_of(&self, digest: &str, dockerfile: &str) -> Option<(usize, usize)> {
        let steps = self.trace.steps();
        let place = steps.iter().position(|step| step.digest == digest)?;
        let names = steps.iter().map(|step| step.name.as_str());
        lines_of_step(names, place, dockerfile)
    }

    /// What all steps have come to.
    #[must_use]
    pub fn account(&self) -> Account {
        Account::of(&self.trace)
    }

    /// Gives the writer back.
    pub fn into_writer(self) -> W {
        self.out
    }

    fn settle(&mut self, patience: Patience) -> io::Result<()> {
        self.taken = 0;
        let mut text = String::new();
        let events = self.trace.settle(patience);
        if let Some(recorder) = &self.recorder {
            recorder.accept(&events, &self.trace);
        }
        for event in events {
            match &mut self.face {
                Face::Plain(plain) => plain.accept(&event, self.trace.step(event.step)),
                Face::Live(live) => live.accept(&event, &self.trace, &mut text),
                Face::Json => json::write(&event, &self.trace, &mut text),
            }
        }
        match &mut self.face {
            Face::Plain(plain) => {
                plain.settle(&self.trace, patience, &mut text);
                plain.break_silence(&self.trace, Duration::ZERO, &mut text);
            }
            Face::Live(live) => live.show(&self.trace, Duration::ZERO),
            Face::Json => {}
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
