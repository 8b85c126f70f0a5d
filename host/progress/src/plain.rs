//! Plain text, as `buildctl --progress=plain` writes it: every line says its step.
//!
//! Lines of one step stay together. When several steps run at once, one is shown as its lines come and the others
//! wait, but not long: until the shown one ends or pauses, or at most [`LONGEST_WAIT`].
//!
//! ```text
//! #7 server: [build 2/4] RUN make
//! #7 0.123 cc main.c
//! #7 DONE 1.2s
//! ```
//!
//! Reads, writes: nothing; it fills a `String`. Unknown here: the daemon's reports.
//! Source: BuildKit, `util/progress/progressui` (numbering, figures, `#7 ...` where a step is left).

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use crate::amount::{self, clip};
use crate::colour::{BOLD, CYAN, Colours, RED, YELLOW};
use crate::event::{Advance, End, Event, Kind};
use crate::line::one_line;
use crate::part::since;
use crate::silence::Silence;
use crate::step::{State, Step};
use crate::trace::{Patience, Trace};

/// How long a step's lines may wait for another step.
// `buildctl` lets them wait for up to ten seconds.
const LONGEST_WAIT: Duration = Duration::from_secs(7);
/// After this long without a line of the shown step the others take their turn.
const PAUSE: Duration = Duration::from_secs(2);
/// How many steps are named that run while nothing is said.
const MOST_NAMED: usize = 4;
/// How many targets of a step are named. Of more, all but one less are counted: its own name would be hidden behind theirs.
const MOST_TARGETS: usize = 3;
/// How much text may wait, in bytes.
const MOST_WAITING: usize = 256 * 1024;
/// What is shown of a step's name, in characters.
const LONGEST_NAME: usize = 1000;

/// Arranges events as text.
pub(super) struct Plain {
    colours: Colours,
    /// The step whose lines are shown as they come.
    current: Option<usize>,
    /// When the last line of it was printed.
    last: SystemTime,
    waiting: BTreeMap<usize, Waiting>,
    waiting_bytes: usize,
    /// How many steps have begun to wait so far.
    arrivals: u64,
    /// Which steps have had their name in full.
    introduced: Vec<bool>,
    silence: Silence,
}

/// What waits of one step.
struct Waiting {
    /// Its place among those that wait.
    arrival: u64,
    since: SystemTime,
    newest: SystemTime,
    text: String,
    ended: bool,
}

impl Plain {
    pub(super) fn new(colours: Colours) -> Self {
        Self {
            colours,
            current: None,
            last: SystemTime::UNIX_EPOCH,
            waiting: BTreeMap::new(),
            waiting_bytes: 0,
            arrivals: 0,
            introduced: Vec::new(),
            silence: Silence::new(),
        }
    }

    /// Takes an event; [`Plain::settle`] shows it.
    pub(super) fn accept(&mut self, event: &Event, step: &Step) {
        let arrivals = &mut self.arrivals;
        let waiting = self.waiting.entry(event.step).or_insert_with(|| {
            *arrivals += 1;
            Waiting {
                arrival: *arrivals,
                since: event.time,
                newest: event.time,
                text: String::new(),
                ended: false,
            }
        });
        waiting.newest = waiting.newest.max(event.time);
        waiting.ended = matches!(event.kind, Kind::Ended(_));
        if let Some(body) = self.colours.body(&event.kind) {
            let before = waiting.text.len();
            waiting.text.push_str(&self.colours.number(step));
            if !body.is_empty() {
                waiting.text.push(' ');
                waiting.text.push_str(&body);
            }
            waiting.text.push('\n');
            self.waiting_bytes += waiting.text.len() - before;
        }
    }

    /// Writes what is to be shown by now.
    pub(super) fn settle(&mut self, trace: &Trace, patience: Patience, out: &mut String) {
        let before = out.len();
        self.take_turns(trace, patience, out);
        if out.len() > before {
            self.silence.end(trace.now());
        }
    }

    /// Says what runs if nothing was said for long, so long after the last report.
    pub(super) fn break_silence(&mut self, trace: &Trace, later: Duration, out: &mut String) {
        let now = trace.now() + later;
        let running = trace.running();
        if running.is_empty() || !self.silence.is_due(now) {
            return;
        }
        let named = |step: &&Step| {
            let name = amount::beginning(&title(trace, step));
            let elapsed = amount::minutes(step.elapsed(now));
            format!("{} {name} for {elapsed}", self.colours.number(step))
        };
        let names: Vec<_> = running.iter().take(MOST_NAMED).map(named).collect();
        out.push_str(&format!("still running: {}", names.join(", ")));
        if running.len() > MOST_NAMED {
            out.push_str(&format!(" and {} more", running.len() - MOST_NAMED));
        }
        out.push('\n');
    }

    fn take_turns(&mut self, trace: &Trace, patience: Patience, out: &mut String) {
        loop {
            self.write_current(out);
            let Some(next) = self.next() else { return };
            if !self.may_switch(next, trace, patience) {
                return;
            }
            self.switch(next, trace, out);
        }
    }

    fn write_current(&mut self, out: &mut String) {
        let Some(current) = self.current else { return };
        let Some(waiting) = self.waiting.remove(&current) else {
            return;
        };
        self.waiting_bytes -= waiting.text.len();
        out.push_str(&waiting.text);
        self.last = self.last.max(waiting.newest);
        if waiting.ended {
            self.current = None;
        }
    }

    /// The step that began to wait first.
    fn next(&self) -> Option<usize> {
        let first = self
            .waiting
            .iter()
            .min_by_key(|(_, waiting)| waiting.arrival);
        first.map(|(step, _)| *step)
    }

    fn may_switch(&self, next: usize, trace: &Trace, patience: Patience) -> bool {
        let Some(current) = self.current else {
            return true;
        };
        if patience > Patience::Waiting || self.waiting_bytes > MOST_WAITING {
            return true;
        }
        // A step that is about to end should end first; one that has only begun has nothing to say yet.
        let ending = matches!(trace.step(current).state, State::Ending { .. });
        let waiting = &self.waiting[&next];
        let paused = since(self.last, trace.now()) >= PAUSE && !waiting.text.is_empty();
        !ending && (paused || since(waiting.since, trace.now()) >= LONGEST_WAIT)
    }

    fn switch(&mut self, next: usize, trace: &Trace, out: &mut String) {
        if let Some(current) = self.current {
            out.push_str(&format!(
                "{} ...\n",
                self.colours.number(trace.step(current))
            ));
        }
        if self.introduced.iter().any(|introduced| *introduced) {
            out.push('\n');
        }
        self.introduced
            .resize(self.introduced.len().max(next + 1), false);
        let step = trace.step(next);
        let title = if self.introduced[next] {
            amount::beginning(&title(trace, step))
        } else {
            clip(&title(trace, step), LONGEST_NAME)
        };
        let (number, title) = (self.colours.number(step), self.colours.paint(BOLD, &title));
        out.push_str(&format!("{number} {title}\n"));
        self.introduced[next] = true;
        self.current = Some(next);
        self.last = self.waiting[&next].since;
    }
}

/// The number of a step and what a person calls it.
pub(super) fn introduction(colours: Colours, trace: &Trace, step: &Step) -> String {
    let title = clip(&title(trace, step), LONGEST_NAME);
    format!("{} {}", colours.number(step), colours.paint(BOLD, &title))
}

/// What a person calls a step, with its targets where there are several.
pub(super) fn title(trace: &Trace, step: &Step) -> String {
    let name = if step.name.is_empty() {
        &step.digest
    } else {
        &step.name
    };
    let targets = trace.targets(step);
    match targets.len() {
        0 => name.clone(),
        _ if !trace.has_targets() => name.clone(),
        count if count > MOST_TARGETS => {
            let named = targets[..MOST_TARGETS - 1].join(", ");
            format!("{named} and {} more: {name}", count - (MOST_TARGETS - 1))
        }
        _ => format!("{}: {name}", targets.join(", ")),
    }
}

impl Colours {
    fn number(self, step: &Step) -> String {
        self.paint(CYAN, &format!("#{}", step.number.unwrap_or(0)))
    }

    /// The text of an event behind the step's number; none if the event has no line of its own.
    pub(super) fn body(self, kind: &Kind) -> Option<String> {
        Some(match kind {
            Kind::Started => return None,
            Kind::Progress(progress) => progress_text(progress),
            Kind::Warning(short) => self.paint(YELLOW, &format!("WARN: {short}")),
            Kind::Log {
                since_start, line, ..
            } => format!("{} {line}", amount::clock(*since_start)),
            Kind::Ended(End::Done(duration)) => format!("DONE {}", amount::seconds(*duration)),
            Kind::Ended(End::Cached) => "CACHED".to_owned(),
            Kind::Ended(End::Canceled) => self.paint(YELLOW, "CANCELED"),
            Kind::Ended(End::Interrupted) => self.paint(YELLOW, "INTERRUPTED"),
            Kind::Ended(End::Failed(error)) => {
                self.paint(RED, &format!("ERROR: {}", one_line(error)))
            }
        })
    }
}

fn progress_text(progress: &Advance) -> String {
    let mut text = progress.name.clone();
    if progress.total != 0 {
        let (current, total) = (
            amount::bytes(progress.current),
            amount::bytes(progress.total),
        );
        text.push_str(&format!(" {current} / {total}"));
    } else if progress.current != 0 {
        text.push_str(&format!(" {}", amount::bytes(progress.current)));
    }
    // Below this the time says nothing: most parts of a step take none.
    if let Some(elapsed) = progress
        .elapsed
        .filter(|elapsed| *elapsed > Duration::from_millis(10))
    {
        text.push_str(&format!(" {}", amount::seconds(elapsed)));
    }
    if progress.done {
        text.push_str(" done");
    }
    text
}
