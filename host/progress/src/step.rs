//! A step: one vertex as a person sees it, whatever number of solves report it.
//!
//! A step that has ended well holds no log; one that failed keeps the end of its log.
//!
//! Reads, writes: nothing. Unknown here: other steps, how a step is shown.
//! Source: BuildKit, `solver/progress.go`: a solve that ends early reports its open vertices as canceled,
//! though another solve may still run them.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use crate::colour::Colours;
use crate::event::{End, Kind};
use crate::line::Lines;
use crate::part::{Part, since};
use crate::tail::Tail;
use oci_image_buildkit::status::{Vertex, VertexLog};

/// How BuildKit's message ends when a vertex was canceled rather than failed.
const CANCELED: &str = "context canceled";

/// How many runs are kept; a vertex that restarts more often is shown as if it had not.
const MOST_RUNS: usize = 1000;

/// A restart shorter than this, of which there is nothing else to show, is not shown.
const NOTABLE_RESTART: Duration = Duration::from_millis(100);

/// One of the solves that a [`Progress`](crate::Progress) shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SolveId(pub(super) usize);

impl SolveId {
    /// No solve: the program itself.
    pub(super) const OWN: Self = Self(usize::MAX);
}

/// One vertex and all that was reported of it.
pub(super) struct Step {
    pub digest: String,
    /// What a person calls it; empty until a vertex of this digest was reported.
    pub name: String,
    /// Counted from 1 in the order in which steps are first shown; none before that.
    pub number: Option<u32>,
    /// Digests of the vertices that it builds upon.
    pub inputs: Vec<String>,
    /// Which solves need this step, in the order of their first report.
    pub solves: Vec<SolveId>,
    pub state: State,
    /// How it last ended, as it was shown; it may have restarted since.
    pub ended: Option<Outcome>,
    /// Whether anything was shown of it since it last ended.
    pub shown_since_end: bool,
    pub parts: Vec<Part>,
    pub tail: Tail,
    /// Whether its result was there already. What runs of it afterwards is the transfer of that.
    cached: bool,
    /// Which solves have reported that it runs.
    running: Vec<SolveId>,
    /// Start and end of each run, for a vertex may restart.
    runs: BTreeMap<SystemTime, Option<SystemTime>>,
    streams: BTreeMap<i64, Stream>,
    /// By stream: when the newest message taken was printed, and by which solve it came.
    newest: BTreeMap<i64, (SystemTime, SolveId)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    Waiting,
    Running,
    /// It has ended so far as we know, but may restart at once.
    Ending {
        outcome: Outcome,
        at: SystemTime,
    },
    Ended,
}

/// What a completed vertex says of its run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    Done,
    Cached,
    Canceled,
    Failed(String),
}

/// One output stream of a step's process.
struct Stream {
    lines: Lines,
    /// Since when an unfinished line waits.
    partial_since: Option<SystemTime>,
}

impl Step {
    pub(super) fn new(digest: &str) -> Self {
        Self {
            digest: digest.to_owned(),
            name: String::new(),
            number: None,
            inputs: Vec::new(),
            solves: Vec::new(),
            state: State::Waiting,
            ended: None,
            shown_since_end: false,
            parts: Vec::new(),
            tail: Tail::default(),
            cached: false,
            running: Vec::new(),
            runs: BTreeMap::new(),
            streams: BTreeMap::new(),
            newest: BTreeMap::new(),
        }
    }

    pub(super) fn join(&mut self, solve: SolveId) {
        if !self.solves.contains(&solve) {
            self.solves.push(solve);
        }
    }

    /// Takes what a solve reports of the vertex; `error` is what is kept of its own.
    pub(super) fn update(
        &mut self,
        solve: SolveId,
        vertex: &Vertex,
        error: impl FnOnce() -> String,
    ) {
        match (vertex.started, vertex.completed) {
            (Some(started), None) => self.start(solve, started),
            (_, Some(completed)) => self.complete(solve, vertex, completed, error),
            (None, None) => {}
        }
    }

    /// How many bytes it holds of its log.
    pub(super) fn held(&self) -> usize {
        let unfinished = self.streams.values().map(|stream| stream.lines.held());
        unfinished.sum::<usize>() + self.tail.bytes()
    }

    /// Ends the step for now, and returns what there is to show of that.
    pub(super) fn close(&mut self, outcome: Outcome) -> Option<End> {
        let silent = self.ended.is_some()
            && !self.shown_since_end
            && outcome == Outcome::Done
            && self.last_run() < NOTABLE_RESTART;
        let end = match &outcome {
            Outcome::Done => End::Done(self.duration()),
            Outcome::Cached => End::Cached,
            Outcome::Canceled => End::Canceled,
            Outcome::Failed(error) => End::Failed(error.clone()),
        };
        if !matches!(outcome, Outcome::Failed(_)) {
            self.tail = Tail::default();
        }
        self.parts = Vec::new();
        self.streams = BTreeMap::new();
        self.state = State::Ended;
        self.ended = Some(outcome);
        self.shown_since_end = false;
        (!silent).then_some(end)
    }

    /// Takes a piece of the log and returns what there is to show of it.
    pub(super) fn log(&mut self, solve: SolveId, log: &VertexLog, colours: Colours) -> Vec<Kind> {
        let time = log.timestamp.unwrap_or(SystemTime::UNIX_EPOCH);
        // There are two: what else is named is an error's.
        let id = if log.stream == 1 { 1 } else { 2 };
        if !self.is_news(id, solve, time) {
            return Vec::new();
        }
        let stream = self.streams.entry(id).or_insert_with(|| Stream {
            lines: Lines::new(colours),
            partial_since: None,
        });
        let begun = stream.partial_since.unwrap_or(time);
        let mut first = stream.lines.feed(&log.message);
        stream.partial_since = match stream.lines.has_partial() {
            true if first.is_empty() => Some(begun),
            true => Some(time),
            false => None,
        };
        let rest = first.split_off(first.len().min(1));
        // A line is as old as its first byte.
        let mut shown = self.logged(id, begun, first);
        shown.extend(self.logged(id, time, rest));
        shown
    }

    /// Ends the unfinished lines that have waited since `deadline` or longer; all of them if there is no deadline.
    pub(super) fn flush(&mut self, deadline: Option<SystemTime>) -> Vec<Kind> {
        let due = |stream: &Stream| match (stream.partial_since, deadline) {
            (Some(since), Some(deadline)) => since <= deadline,
            (Some(_), None) => true,
            (None, _) => false,
        };
        let mut flushed = Vec::new();
        for (id, stream) in self.streams.iter_mut().filter(|(_, stream)| due(stream)) {
            let begun = stream
                .partial_since
                .take()
                .unwrap_or(SystemTime::UNIX_EPOCH);
            flushed.push((*id, begun, stream.lines.flush()));
        }
        let mut shown = Vec::new();
        for (id, begun, lines) in flushed {
            shown.extend(self.logged(id, begun, lines));
        }
        shown
    }

    /// Whether a message is new: a step of several solves is reported by each, with the same timestamps.
    fn is_news(&mut self, stream: i64, solve: SolveId, time: SystemTime) -> bool {
        let newest = self.newest.get(&stream).copied();
        let news = newest.is_none_or(|(newest, by)| by == solve || time > newest);
        if news {
            let newest = newest.map_or(time, |(newest, _)| newest.max(time));
            self.newest.insert(stream, (newest, solve));
        }
        news
    }

    fn logged(&mut self, stream: i64, time: SystemTime, lines: Vec<String>) -> Vec<Kind> {
        let started = self
            .runs
            .range(..=time)
            .next_back()
            .map_or(time, |(start, _)| *start);
        let since_start = since(started, time);
        lines
            .into_iter()
            .map(|line| {
                self.tail.push(line.clone());
                Kind::Log {
                    stream,
                    since_start,
                    line,
                }
            })
            .collect()
    }

    fn start(&mut self, solve: SolveId, started: SystemTime) {
        if !self.running.contains(&solve) {
            self.running.push(solve);
        }
        let known = self.runs.get(&started);
        // Another solve's cancelation was no end of this run.
        if known.is_some_and(|end| end.is_none() || !self.was_canceled()) || !self.may_run() {
            return;
        }
        self.runs.insert(started, None);
        self.state = State::Running;
    }

    fn complete(
        &mut self,
        solve: SolveId,
        vertex: &Vertex,
        at: SystemTime,
        error: impl FnOnce() -> String,
    ) {
        let outcome = outcome(vertex, error);
        self.running.retain(|running| *running != solve);
        if outcome == Outcome::Canceled && !self.running.is_empty() {
            return;
        }
        // Without a start it never ran: nothing to show, unless it says why.
        let never_ran = vertex.started.is_none() && !matches!(outcome, Outcome::Failed(_));
        if never_ran || (outcome == Outcome::Cached && self.has_ended_well()) {
            return;
        }
        let started = vertex.started.unwrap_or(at);
        if !self.runs.contains_key(&started) && !self.may_run() {
            return;
        }
        let known = self.runs.get(&started).copied().flatten();
        if known.is_some() && (!self.was_canceled() || outcome == Outcome::Canceled) {
            return;
        }
        self.running.clear();
        self.cached |= outcome == Outcome::Cached;
        let outcome = match outcome {
            Outcome::Done if self.cached => Outcome::Cached,
            outcome => outcome,
        };
        self.runs.insert(started, Some(at));
        if self.runs.values().all(Option::is_some) {
            self.state = State::Ending { outcome, at };
        }
    }

    /// Whether its work is done, by this build or an earlier one.
    pub(super) fn has_ended_well(&self) -> bool {
        let good = |outcome: &Outcome| matches!(outcome, Outcome::Done | Outcome::Cached);
        match &self.state {
            State::Ending { outcome, .. } => good(outcome),
            _ => self.ended.as_ref().is_some_and(good),
        }
    }

    /// Whether there is room for another run.
    fn may_run(&self) -> bool {
        self.runs.len() < MOST_RUNS
    }

    fn was_canceled(&self) -> bool {
        match &self.state {
            State::Ending { outcome, .. } => *outcome == Outcome::Canceled,
            _ => self.ended == Some(Outcome::Canceled),
        }
    }

    fn last_run(&self) -> Duration {
        let last = self.runs.last_key_value();
        last.map_or(Duration::ZERO, |(start, end)| {
            since(*start, end.unwrap_or(*start))
        })
    }

    /// Whether its result was there already, when it last ended.
    pub(super) fn was_cached(&self) -> bool {
        self.ended == Some(Outcome::Cached)
    }

    /// For how long it has run by now, if it runs.
    pub(super) fn elapsed(&self, now: SystemTime) -> Duration {
        let open = self.runs.iter().find(|(_, end)| end.is_none());
        let running = open.map_or(Duration::ZERO, |(start, _)| since(*start, now));
        self.duration().saturating_add(running)
    }

    /// Start and end of each run, in order.
    pub(super) fn runs(&self) -> impl Iterator<Item = (SystemTime, Option<SystemTime>)> {
        self.runs.iter().map(|(start, end)| (*start, *end))
    }

    /// For how long it ran in all: runs that overlap count once.
    pub(super) fn duration(&self) -> Duration {
        let mut covered = SystemTime::UNIX_EPOCH;
        let mut sum = Duration::ZERO;
        for (start, end) in &self.runs {
            let Some(end) = end else { continue };
            sum = sum.saturating_add(since((*start).max(covered), *end));
            covered = covered.max(*end);
        }
        sum
    }
}

fn outcome(vertex: &Vertex, error: impl FnOnce() -> String) -> Outcome {
    if vertex.error.ends_with(CANCELED) {
        Outcome::Canceled
    } else if !vertex.error.is_empty() {
        Outcome::Failed(error())
    } else if vertex.cached {
        Outcome::Cached
    } else {
        Outcome::Done
    }
}
