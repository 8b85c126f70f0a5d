//! A recording: what was heard of a build so far.
//!
//! Reads, writes: nothing. Unknown here: who listens.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use oci_image_excerpt::{Canvas, Level};

use super::ancestry::inputs;
use super::build_record::{
    BuildRecord, RecordedDockerfile, RecordedStep, RecordedWarning, StepEnd, StepRun, Transfer,
};
use super::journal::Journal;
use super::kept_log::KeptLog;
use crate::account::Account;
use crate::event::{Advance, End, Event, Kind};
use crate::line::{beginning, one_line};
use crate::trace::Trace;
use crate::warning::Warning;

/// How many steps are recorded. A large build has some hundreds.
const MOST_STEPS: usize = 2_000;
/// How many parts are recorded of a step, and of all steps.
const MOST_TRANSFERS: usize = 100;
const MOST_TRANSFERS_OF_ALL: usize = 5_000;
/// How many warnings are recorded of the program.
const MOST_TOLD: usize = 100;
/// How many warnings are recorded of a step.
const MOST_WARNINGS: usize = 20;
/// What is kept of a Dockerfile, in bytes.
const LONGEST_DOCKERFILE: usize = 256 << 10;
/// What is kept of a name and of other texts, in bytes.
const LONGEST_TEXT: usize = 1 << 10;

/// What was heard so far.
#[derive(Debug, Default)]
pub(super) struct Recording {
    record: BuildRecord,
    /// The places of the trace's steps in the record.
    places: HashMap<usize, usize>,
    journal: Journal,
    transfers: usize,
}

impl Recording {
    pub(super) fn begin(&mut self) {
        let attempts = self.record.attempts + 1;
        let before = std::mem::take(self).record;
        self.record = BuildRecord {
            attempts,
            dockerfile: before.dockerfile,
            told: before.told,
            ..BuildRecord::default()
        };
    }

    pub(super) fn warning(&mut self, message: &str) {
        if self.record.told.len() < MOST_TOLD {
            self.record.told.push(kept(message));
        }
    }

    pub(super) fn dockerfile(&mut self, name: &str, text: &[u8]) {
        let head = &text[..text.len().min(LONGEST_DOCKERFILE)];
        self.record.dockerfile = Some(RecordedDockerfile {
            name: kept(name),
            text: String::from_utf8_lossy(head).into_owned(),
            is_cut: head.len() < text.len(),
        });
    }

    pub(super) fn accept(&mut self, event: &Event, trace: &Trace) {
        self.record.newest = self.record.newest.max(Some(event.time));
        let Some(place) = self.place(event.step, trace) else {
            return;
        };
        let step = &mut self.record.steps[place];
        match &event.kind {
            Kind::Started => {}
            Kind::Progress(advance) => self.advance(place, advance),
            Kind::Warning(message) if step.warnings.len() < MOST_WARNINGS => {
                step.warnings.push(kept(message));
            }
            Kind::Warning(_) => {}
            Kind::Log {
                since_start, line, ..
            } => self.journal.push(place, *since_start, line),
            Kind::Ended(end) => {
                step.end = Some(end_of(end));
                refresh(step, event.step, trace);
                if matches!(end, End::Done(_) | End::Cached) {
                    self.journal.spare(place);
                }
            }
        }
    }

    /// Takes what no event tells: solves that joined a step, runs, what builds upon what.
    pub(super) fn close(&mut self, trace: &Trace) {
        for (index, place) in &self.places {
            let step = &mut self.record.steps[*place];
            refresh(step, *index, trace);
            let inputs = inputs(trace, *index).into_iter();
            step.inputs = inputs
                .filter_map(|input| self.places.get(&input).copied())
                .collect();
            step.inputs.sort_unstable();
        }
        let targets = trace.target_names().iter();
        self.record.targets = targets.map(|target| kept(target)).collect();
        let shown = trace.steps().iter().filter(|step| step.number.is_some());
        self.record.unrecorded = shown.count() - self.record.steps.len();
        self.record.warnings = trace.warnings().kept().iter().map(warning).collect();
        self.record.account = Account::of(trace);
        if trace.now() > SystemTime::UNIX_EPOCH {
            self.record.newest = Some(trace.now());
        }
    }

    pub(super) fn record(&self) -> BuildRecord {
        let mut record = self.record.clone();
        for (place, step) in record.steps.iter_mut().enumerate() {
            step.log = self.journal.log(place);
            step.duration = step.ran(self.record.newest);
        }
        record
    }

    /// The place of a step in the record; `None` if there are too many.
    fn place(&mut self, index: usize, trace: &Trace) -> Option<usize> {
        if let Some(place) = self.places.get(&index) {
            return Some(*place);
        }
        let place = self.record.steps.len();
        if place == MOST_STEPS {
            return None;
        }
        let mut step = RecordedStep {
            number: 0,
            name: String::new(),
            targets: Vec::new(),
            inputs: Vec::new(),
            runs: Vec::new(),
            duration: Duration::ZERO,
            end: None,
            transfers: Vec::new(),
            log: KeptLog::default(),
            warnings: Vec::new(),
        };
        refresh(&mut step, index, trace);
        self.record.steps.push(step);
        self.places.insert(index, place);
        Some(place)
    }

    fn advance(&mut self, place: usize, advance: &Advance) {
        let transfers = &mut self.record.steps[place].transfers;
        let state = Transfer {
            name: kept(&advance.name),
            current: advance.current,
            total: advance.total,
            start: advance.started,
            elapsed: advance.elapsed,
            done: advance.done,
        };
        let is_same = |known: &Transfer| known.name == state.name && known.start == state.start;
        if let Some(known) = transfers.iter_mut().find(|known| is_same(known)) {
            *known = state;
        } else if transfers.len() < MOST_TRANSFERS && self.transfers < MOST_TRANSFERS_OF_ALL {
            self.transfers += 1;
            transfers.push(state);
        }
    }
}

/// Takes over what the trace knows of a step.
fn refresh(step: &mut RecordedStep, index: usize, trace: &Trace) {
    let known = trace.step(index);
    step.number = known.number.unwrap_or(0);
    step.name = kept(&known.name);
    step.targets = trace.target_places(known);
    step.runs = known
        .runs()
        .map(|(start, end)| StepRun { start, end })
        .collect();
    step.duration = known.duration();
}

fn end_of(end: &End) -> StepEnd {
    match end {
        End::Done(_) => StepEnd::Done,
        End::Cached => StepEnd::Cached,
        End::Canceled => StepEnd::Canceled,
        End::Failed(error) => StepEnd::Failed(kept(error)),
        End::Interrupted => StepEnd::Interrupted,
    }
}

fn warning(warning: &Warning) -> RecordedWarning {
    RecordedWarning {
        short: kept(&warning.short),
        detail: warning.detail.iter().map(|line| kept(line)).collect(),
        url: kept(&warning.url),
        excerpt: (warning.excerpt.as_ref())
            .map(|lines| lines.draw(Canvas::plain(), Level::Warning)),
    }
}

/// So much of a text as is kept.
fn kept(text: &str) -> String {
    let mut kept = one_line(beginning(text, LONGEST_TEXT));
    if text.len() > LONGEST_TEXT {
        kept.push_str("...");
    }
    kept
}
