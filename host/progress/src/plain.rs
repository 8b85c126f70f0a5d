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

use crate::amount;
use crate::colour::{BOLD, CYAN, Colours, RED, YELLOW};
use crate::event::{Advance, End, Event, Kind};
use crate::line::one_line;
use crate::part::since;
use crate::step::{State, Step};
use crate::trace::{Patience, Trace};
use crate::warning::{Warning, Warnings};

/// How long a step's lines may wait for another step.
// `buildctl` lets them wait for up to ten seconds.
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// After this long without a line of the shown step the others take their turn.
const PAUSE: Duration = Duration::from_millis(500);
/// How much text may wait, in bytes.
const MOST_WAITING: usize = 256 * 1024;
/// What is shown of a step's name, in characters.
const LONGEST_NAME: usize = 1000;
/// What is shown of it when the step is returned to.
const LONGEST_REMINDER: usize = 72;

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
        loop {
            self.write_current(out);
            let Some(next) = self.next() else { return };
            if !self.may_switch(next, trace, patience) {
                return;
            }
            self.switch(next, trace, out);
        }
    }

    /// Writes the warnings with their details, at the end of a build.
    pub(super) fn warnings(&self, warnings: &Warnings, out: &mut String) {
        let count = warnings.count();
        if count == 0 {
            return;
        }
        let plural = if count == 1 { "" } else { "s" };
        let title = self
            .colours
            .paint(YELLOW, &format!("{count} warning{plural}:"));
        out.push_str(&format!("\n{title}\n"));
        for warning in warnings.kept() {
            write_warning(warning, out);
        }
        if count > warnings.kept().len() {
            out.push_str(&format!("- and {} more\n", count - warnings.kept().len()));
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
        let longest = if self.introduced[next] {
            LONGEST_REMINDER
        } else {
            LONGEST_NAME
        };
        let step = trace.step(next);
        let title = clip(&title(trace, step), longest);
        let (number, title) = (self.colours.number(step), self.colours.paint(BOLD, &title));
        out.push_str(&format!("{number} {title}\n"));
        self.introduced[next] = true;
        self.current = Some(next);
        self.last = self.waiting[&next].since;
    }
}

/// What a person calls a step, with its targets where there are several.
pub(super) fn title(trace: &Trace, step: &Step) -> String {
    let name = if step.name.is_empty() {
        &step.digest
    } else {
        &step.name
    };
    if trace.has_targets() {
        format!("{}: {name}", trace.targets(step).join(", "))
    } else {
        name.clone()
    }
}

/// The first `longest` characters of a text.
pub(super) fn clip(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

impl Colours {
    fn number(self, step: &Step) -> String {
        self.paint(CYAN, &format!("#{}", step.number.unwrap_or(0)))
    }

    /// The text of an event behind the step's number; none if the event has no line of its own.
    fn body(self, kind: &Kind) -> Option<String> {
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

fn write_warning(warning: &Warning, out: &mut String) {
    out.push_str(&format!("- {}\n", warning.short));
    for line in &warning.detail {
        out.push_str(&format!("  | {line}\n"));
    }
    if !warning.url.is_empty() {
        out.push_str(&format!("  see {}\n", warning.url));
    }
    for line in warning.excerpt.iter().flat_map(|excerpt| excerpt.lines()) {
        out.push_str(&format!("  {line}\n"));
    }
}
