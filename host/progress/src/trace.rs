//! The trace: all steps of all solves of a build, and the events that their reports amount to.
//!
//! Equal vertices of several solves are one step. Time is the daemon's: the trace reads no clock, so the same reports
//! always give the same events. The daemon is believed in nothing: of what it names, so many steps, parts, runs and bytes are
//! kept, and no more.
//!
//! Reads, writes: nothing. Unknown here: how an event is shown.
//! Source: BuildKit, `solver/progress.go`, `client/status.go`: vertices restart, and a report that was split
//! repeats its warnings.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, SystemTime};

use crate::clock::Clocks;
use crate::colour::Colours;
use crate::event::{End, Event, Kind};
use crate::line::{beginning, clipped, one_line};
use crate::part::{Part, since};
use crate::step::{Outcome, SolveId, State, Step};
use crate::tail::Tail;
use crate::twins::Twins;
use crate::warning::Warnings;
use oci_image_buildkit::status::{Status, Vertex, VertexLog, VertexProgress};

/// How long an end is held back, for a vertex that restarts at once has not ended.
// Measured: a local's vertex completes within 1 ms for its cache key and restarts within 1 ms for the transfer.
const HOLD_END: Duration = Duration::from_millis(100);
/// How many steps are kept; what is reported of others is not shown. A large build has some hundreds.
const MOST_STEPS: usize = 10_000;
/// How many parts all steps have together; others are not shown.
const MOST_PARTS: usize = 5_000;
/// How many bytes of unfinished lines and ends of logs are kept of all steps together; past it each message ends its line.
const MOST_HELD: usize = 32 << 20;
/// What is kept of a vertex's name and of a part's, and of its error, in bytes.
const LONGEST_NAME: usize = 4 << 10;
const LONGEST_ERROR: usize = 8 << 10;
/// What is kept of a digest, in bytes; the longest of any algorithm has 135.
const LONGEST_DIGEST: usize = 200;
/// How many inputs are kept of a step; most have one or two.
const MOST_INPUTS: usize = 20;

/// How long an unfinished line waits for its end.
const HOLD_PARTIAL: Duration = Duration::from_secs(5);

/// How much longer to wait for reports that would change what is held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Patience {
    /// More reports are on their way: only the daemon's clock counts.
    Waiting,
    /// No report for a moment: show what has not been shown.
    Idle,
    /// No report for some seconds: show unfinished lines too.
    Stalled,
    /// There will be no more reports.
    Over,
}

/// All that is known of a build's steps.
pub(super) struct Trace {
    colours: Colours,
    targets: Vec<String>,
    steps: Vec<Step>,
    by_digest: HashMap<String, usize>,
    /// Steps that have started and not ended.
    active: BTreeSet<usize>,
    /// How many parts the steps have.
    parts: usize,
    /// How many bytes the steps hold of their logs.
    held: usize,
    numbered: u32,
    clocks: Clocks,
    events: Vec<Event>,
    warnings: Warnings,
}

impl Trace {
    pub(super) fn new(colours: Colours) -> Self {
        Self {
            colours,
            targets: Vec::new(),
            steps: Vec::new(),
            by_digest: HashMap::new(),
            active: BTreeSet::new(),
            parts: 0,
            held: 0,
            numbered: 0,
            clocks: Clocks::new(),
            events: Vec::new(),
            warnings: Warnings::default(),
        }
    }

    pub(super) fn add_solve(&mut self, target: &str) -> SolveId {
        self.targets.push(one_line(target));
        SolveId(self.targets.len() - 1)
    }

    pub(super) fn add_base_argument(&mut self, name: &str) {
        self.warnings.add_base_argument(name);
    }

    /// Takes one report of a solve, but for its logs.
    pub(super) fn update(&mut self, solve: SolveId, status: Status) {
        let mut vertices = status.vertices;
        vertices.sort_by_key(|vertex| vertex.started);
        for vertex in &vertices {
            self.vertex(solve, vertex);
        }
        for progress in status.progress {
            self.progress(solve, progress);
        }
        for warning in &status.warnings {
            let Some(step) = self.step_of(solve, &warning.vertex) else {
                continue;
            };
            if let Some(short) = self.warnings.add(warning) {
                self.emit(step, self.clocks.now, Kind::Warning(short));
            }
        }
    }

    /// Decides what of the things held back is to be shown by now, and returns all events since the last call.
    pub(super) fn settle(&mut self, patience: Patience) -> Vec<Event> {
        for step in self.active.clone() {
            self.show_parts(step, patience);
            self.flush(step, patience);
        }
        self.close_ended(patience);
        if patience == Patience::Over {
            self.interrupt();
        }
        std::mem::take(&mut self.events)
    }

    pub(super) fn step(&self, index: usize) -> &Step {
        &self.steps[index]
    }

    pub(super) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The steps that run, in the order in which they were first shown.
    pub(super) fn running(&self) -> Vec<&Step> {
        let active = self.active.iter().map(|index| &self.steps[*index]);
        let mut running: Vec<_> = active
            .filter(|step| step.state == State::Running && step.number.is_some())
            .collect();
        running.sort_by_key(|step| step.number);
        running
    }

    /// The names of the targets that need a step.
    pub(super) fn targets(&self, step: &Step) -> Vec<&str> {
        step.solves
            .iter()
            .filter_map(|solve| Some(self.targets.get(solve.0)?.as_str()))
            .collect()
    }

    /// The places of the targets that need a step.
    pub(super) fn target_places(&self, step: &Step) -> Vec<usize> {
        let known = step.solves.iter().map(|solve| solve.0);
        known.filter(|place| *place < self.targets.len()).collect()
    }

    /// The names of all targets.
    pub(super) fn target_names(&self) -> &[String] {
        &self.targets
    }

    /// The step of a digest that a step names as its input.
    pub(super) fn known(&self, input: &str) -> Option<usize> {
        self.by_digest.get(input).copied()
    }

    pub(super) fn twins(&self) -> Twins<'_> {
        Twins {
            steps: &self.steps,
            has_targets: self.has_targets(),
        }
    }

    /// Whether there is more than one target, so that a step must say whose it is.
    pub(super) fn has_targets(&self) -> bool {
        self.targets.len() > 1
    }

    pub(super) fn warnings(&self) -> &Warnings {
        &self.warnings
    }

    /// The newest time that a report spoke of.
    pub(super) fn now(&self) -> SystemTime {
        self.clocks.now
    }

    fn vertex(&mut self, solve: SolveId, vertex: &Vertex) {
        self.clocks.tick(solve, vertex.started);
        self.clocks.tick(solve, vertex.completed);
        let Some(index) = self.step_of(solve, &vertex.digest) else {
            return;
        };
        if self.steps[index].name.is_empty() {
            self.steps[index].name = clipped(&vertex.name, LONGEST_NAME);
        }
        if self.steps[index].inputs.is_empty() {
            let inputs = vertex.inputs.iter().take(MOST_INPUTS);
            self.steps[index].inputs = inputs.map(|input| identity(input)).collect();
        }
        if vertex.cached && self.twins().shown(solve, index).is_some() {
            return;
        }
        let index = match self.twins().done(solve, index).filter(|_| vertex.cached) {
            Some(original) => {
                self.by_digest.insert(identity(&vertex.digest), original);
                self.steps[original].join(solve);
                original
            }
            None => index,
        };
        let step = &mut self.steps[index];
        let error = || beginning(&vertex.error, LONGEST_ERROR).to_owned();
        step.update(solve, vertex, error);
        match step.state {
            State::Waiting | State::Ended => {}
            State::Running | State::Ending { .. } => {
                self.active.insert(index);
                let time = vertex.started.or(vertex.completed);
                self.show(index, time.unwrap_or(self.clocks.now));
            }
        }
    }

    fn progress(&mut self, solve: SolveId, mut progress: VertexProgress) {
        self.clocks.tick(solve, progress.timestamp);
        let time = progress.timestamp.unwrap_or(self.clocks.now);
        let Some(index) = self.step_of(solve, &progress.vertex) else {
            return;
        };
        progress.id = clipped(&progress.id, LONGEST_NAME);
        let parts = &mut self.steps[index].parts;
        let part = match parts.iter().position(|part| part.id() == progress.id) {
            Some(known) => {
                parts[known].update(progress);
                &mut parts[known]
            }
            None if self.parts == MOST_PARTS => return,
            None => {
                self.parts += 1;
                parts.push(Part::new(progress));
                parts.last_mut().expect("a part was pushed just now")
            }
        };
        if let Some(state) = part.due(time) {
            self.emit(index, time, Kind::Progress(state));
        }
    }

    /// Takes a piece of a log.
    pub(super) fn log(&mut self, solve: SolveId, log: &VertexLog) {
        self.clocks.tick(solve, log.timestamp);
        let Some(index) = self.step_of(solve, &log.vertex) else {
            return;
        };
        let step = &mut self.steps[index];
        self.held -= step.held();
        let mut shown = step.log(solve, log, self.colours);
        if self.held + step.held() > MOST_HELD {
            shown.extend(step.flush(None));
            step.tail = Tail::default();
        }
        self.held += step.held();
        let time = log.timestamp.unwrap_or(self.clocks.now);
        for kind in shown {
            self.emit(index, time, kind);
        }
    }

    fn show_parts(&mut self, index: usize, patience: Patience) {
        let (now, step) = (self.clocks.now, &mut self.steps[index]);
        let states: Vec<_> = (step.parts.iter_mut())
            .filter_map(|part| match patience {
                Patience::Waiting => part.due(now),
                Patience::Idle | Patience::Stalled => part.first(),
                Patience::Over => part.last(),
            })
            .collect();
        for state in states {
            self.emit(index, now, Kind::Progress(state));
        }
    }

    fn flush(&mut self, index: usize, patience: Patience) {
        let known = self.clocks.of(&self.steps[index].solves);
        let deadline = match patience {
            Patience::Waiting | Patience::Idle => known.checked_sub(HOLD_PARTIAL),
            Patience::Stalled | Patience::Over => None,
        };
        let step = &mut self.steps[index];
        self.held -= step.held();
        let flushed = step.flush(deadline);
        self.held += step.held();
        for kind in flushed {
            self.emit(index, self.clocks.now, kind);
        }
    }

    fn close_ended(&mut self, patience: Patience) {
        let mut ended: Vec<(SystemTime, usize, Outcome)> = (self.active.iter())
            .filter_map(|index| match &self.steps[*index].state {
                State::Ending { outcome, at }
                    if patience > Patience::Waiting || since(*at, self.clocks.now) >= HOLD_END =>
                {
                    Some((*at, *index, outcome.clone()))
                }
                _ => None,
            })
            .collect();
        ended.sort_by_key(|(at, index, _)| (*at, *index));
        for (at, index, outcome) in ended {
            self.close(index, at, outcome);
        }
    }

    fn close(&mut self, index: usize, at: SystemTime, outcome: Outcome) {
        self.show_parts(index, Patience::Over);
        self.flush(index, Patience::Over);
        self.active.remove(&index);
        let step = &mut self.steps[index];
        self.parts -= step.parts.len();
        self.held -= step.held();
        let end = step.close(outcome);
        self.held += step.held();
        if let Some(end) = end {
            self.emit(index, at, Kind::Ended(end));
            self.steps[index].shown_since_end = false;
        }
    }

    /// Ends what never ended, and loses no line of it.
    fn interrupt(&mut self) {
        for index in 0..self.steps.len() {
            self.flush(index, Patience::Over);
        }
        for index in std::mem::take(&mut self.active) {
            self.emit(index, self.clocks.now, Kind::Ended(End::Interrupted));
        }
    }

    /// The step of a vertex; `None` if there are too many.
    fn step_of(&mut self, solve: SolveId, digest: &str) -> Option<usize> {
        let digest = identity(digest);
        let index = match self.by_digest.get(&digest) {
            Some(index) => *index,
            None if self.steps.len() == MOST_STEPS => return None,
            None => {
                self.steps.push(Step::new(&digest));
                self.by_digest.insert(digest, self.steps.len() - 1);
                self.steps.len() - 1
            }
        };
        self.steps[index].join(solve);
        Some(index)
    }

    /// Gives a step its number and shows it, unless that was done.
    fn show(&mut self, index: usize, time: SystemTime) {
        if self.steps[index].number.is_none() {
            self.numbered += 1;
            self.steps[index].number = Some(self.numbered);
            self.events.push(Event {
                step: index,
                time,
                kind: Kind::Started,
            });
        }
    }

    fn emit(&mut self, index: usize, time: SystemTime, kind: Kind) {
        self.show(index, time);
        self.steps[index].shown_since_end = true;
        self.events.push(Event {
            step: index,
            time,
            kind,
        });
    }
}

/// A digest as far as it tells a vertex from others, fit to show.
fn identity(digest: &str) -> String {
    clipped(digest, LONGEST_DIGEST)
}
