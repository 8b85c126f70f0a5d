//! A part of a step: one transfer, one blob, one act of an exporter.
//!
//! A part that changes all the time is shown seldom; its first state (unless it ends at once) and its last always are.
//!
//! Reads, writes: nothing. Unknown here: the other parts, the step.

use std::time::{Duration, SystemTime};

use crate::event::Advance;
use crate::line::one_line;
use oci_image_buildkit::status::VertexProgress;

/// How old an unfinished part is before it is shown, and the least time between two of its states.
// Most transfers end within this, and then one line says it all.
const SHORT: Duration = Duration::from_secs(1);
/// After this long a state is shown however little has changed.
const LONG: Duration = Duration::from_secs(5);
/// The least change, as a part of the whole, that is shown before [`LONG`] is over.
const NOTABLE: f64 = 0.05;

/// The latest state of a part, and the one that was shown last.
#[derive(Debug)]
pub(super) struct Part {
    latest: VertexProgress,
    shown: Option<Shown>,
}

#[derive(Debug)]
struct Shown {
    time: SystemTime,
    current: i64,
    done: bool,
}

impl Part {
    pub(super) fn new(first: VertexProgress) -> Self {
        Self {
            latest: first,
            shown: None,
        }
    }

    pub(super) fn id(&self) -> &str {
        &self.latest.id
    }

    /// Takes a newer state; one that another solve has already reported is no news.
    pub(super) fn update(&mut self, state: VertexProgress) {
        if state.timestamp <= self.latest.timestamp {
            return;
        }
        if state.started != self.latest.started {
            self.shown = None;
        }
        self.latest = state;
    }

    /// The state to show at `now`, if it is worth a line by then.
    pub(super) fn due(&mut self, now: SystemTime) -> Option<Advance> {
        self.is_due(now).then(|| self.show())
    }

    /// The first state, if none was shown yet.
    pub(super) fn first(&mut self) -> Option<Advance> {
        self.shown.is_none().then(|| self.show())
    }

    /// The last state, unless it was shown.
    pub(super) fn last(&mut self) -> Option<Advance> {
        let stale = |shown: &Shown| {
            shown.current != self.latest.current || shown.done != self.latest.completed.is_some()
        };
        self.shown.as_ref().is_none_or(stale).then(|| self.show())
    }

    /// The latest state, while it has not ended.
    pub(super) fn under_way(&self) -> Option<Advance> {
        self.latest.completed.is_none().then(|| self.advance())
    }

    fn time(&self) -> SystemTime {
        self.latest
            .timestamp
            .or(self.latest.completed)
            .unwrap_or(SystemTime::UNIX_EPOCH)
    }

    fn is_due(&self, now: SystemTime) -> bool {
        let done = self.latest.completed.is_some();
        let Some(shown) = &self.shown else {
            let started = self.latest.started.unwrap_or(self.time());
            return done || since(started, now) >= SHORT;
        };
        if done {
            return !shown.done;
        }
        let change = self.latest.current.abs_diff(shown.current) as f64;
        let notable = self.latest.total > 0 && change / self.latest.total as f64 >= NOTABLE;
        let elapsed = since(shown.time, self.time());
        elapsed >= LONG || (notable && elapsed >= SHORT)
    }

    fn show(&mut self) -> Advance {
        let done = self.latest.completed.is_some();
        self.shown = Some(Shown {
            time: self.time(),
            current: self.latest.current,
            done,
        });
        self.advance()
    }

    fn advance(&self) -> Advance {
        let done = self.latest.completed.is_some();
        let until = self.latest.completed.unwrap_or(self.time());
        Advance {
            name: one_line(&self.latest.id),
            current: self.latest.current,
            total: self.latest.total,
            started: self.latest.started,
            elapsed: self.latest.started.map(|started| since(started, until)),
            done,
        }
    }
}

/// The time from `earlier` to `later`, zero if the clock went back.
pub(super) fn since(earlier: SystemTime, later: SystemTime) -> Duration {
    later.duration_since(earlier).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(ms)
    }

    fn state(ms: u64, current: i64, done: bool) -> VertexProgress {
        VertexProgress {
            id: "blob".into(),
            vertex: "v".into(),
            name: String::new(),
            current,
            total: 1000,
            timestamp: Some(at(ms)),
            started: Some(at(0)),
            completed: done.then(|| at(ms)),
        }
    }

    #[test]
    fn a_long_transfer_is_shown_now_and_then_and_at_its_end() {
        let mut part = Part::new(state(0, 0, false));

        let shown: Vec<(u64, i64)> = (0..=200)
            .filter_map(|n| {
                part.update(state(n * 100, n as i64 * 5, n == 200));
                part.due(at(n * 100))
                    .map(|progress| (n * 100, progress.current))
            })
            .collect();

        let each_second: Vec<_> = (1..=20).map(|s| (s * 1000, s as i64 * 50)).collect();
        assert_eq!(shown, each_second);
    }

    #[test]
    fn a_slow_transfer_is_shown_every_five_seconds() {
        let mut part = Part::new(state(0, 0, false));

        let shown: Vec<u64> = (0..130)
            .filter_map(|n| {
                part.update(state(n * 100, 1, false));
                part.due(at(n * 100)).map(|_| n * 100)
            })
            .collect();

        assert_eq!(shown, [1000, 6000, 11000]);
    }

    #[test]
    fn a_short_transfer_is_shown_once_though_two_solves_report_it() {
        let mut part = Part::new(state(0, 0, false));
        assert_eq!(part.due(at(10)), None);

        part.update(state(20, 1000, true));
        assert!(part.due(at(20)).is_some_and(|progress| progress.done));

        part.update(state(0, 0, false));
        part.update(state(20, 1000, true));
        assert_eq!((part.due(at(9000)), part.last()), (None, None));
    }
}
