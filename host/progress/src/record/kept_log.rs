//! What is kept of a step's log: its beginning and its end.
//!
//! Reads, writes: nothing. Unknown here: other logs.

use std::collections::VecDeque;
use std::time::Duration;

use crate::line::{beginning, one_line};

/// How many lines are kept of a log's beginning, and of its end.
const MOST_FIRST: usize = 100;
const MOST_LAST: usize = 300;
/// How much they may cost together, as [`LogLine::cost`] has it: so far the beginning grows, and so far the end.
const FIRST_COST: usize = 32 << 10;
const LAST_COST: usize = 96 << 10;
/// What is kept of a line, in bytes.
const LONGEST_LINE: usize = 4 << 10;
/// What a line costs beside its text: its time, and what a page writes around it.
const LINE_COST: usize = 64;

/// A line of a log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogLine {
    /// When within its step it was printed.
    pub since_start: Duration,
    /// Without its end, colours and commands.
    pub text: String,
    cost: usize,
}

/// The beginning and the end of a log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeptLog {
    first: Vec<LogLine>,
    last: VecDeque<LogLine>,
    first_cost: usize,
    last_cost: usize,
    seen: u64,
}

impl LogLine {
    /// What it takes, in bytes: in memory, and in a page that may have to write a character as six.
    fn cost(&self) -> usize {
        self.cost
    }

    fn set(&mut self, since_start: Duration, line: &str) {
        self.since_start = since_start;
        self.text.clear();
        let kept = beginning(line, LONGEST_LINE);
        if kept.contains('\x1b') {
            self.text.push_str(&one_line(kept));
        } else {
            self.text.push_str(kept);
        }
        if kept.len() < line.len() {
            self.text.push_str("...");
        }
        let is_escaped = |byte: &u8| matches!(byte, b'<' | b'>' | b'&' | b'"');
        let escaped = self.text.bytes().filter(is_escaped).count();
        self.cost = LINE_COST + self.text.len() + 5 * escaped;
    }
}

impl KeptLog {
    /// The first lines.
    pub fn first(&self) -> impl ExactSizeIterator<Item = &LogLine> + DoubleEndedIterator {
        self.first.iter()
    }

    /// The last lines, without those that are among the first.
    pub fn last(&self) -> impl ExactSizeIterator<Item = &LogLine> + DoubleEndedIterator {
        self.last.iter()
    }

    /// How many lines there were.
    #[must_use]
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// How many of them are neither among the first nor among the last.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.seen - (self.first.len() + self.last.len()) as u64
    }

    /// What is kept takes so much.
    pub(super) fn cost(&self) -> usize {
        self.first_cost + self.last_cost
    }

    pub(super) fn push(&mut self, since_start: Duration, line: &str) {
        self.seen += 1;
        // A line that goes leaves its room to the one that comes: a long log is not a million allocations.
        let mut next = LogLine::default();
        while self.last.len() >= MOST_LAST || self.last_cost > LAST_COST {
            next = self.pop_last_front().unwrap_or_default();
        }
        next.set(since_start, line);
        let cost = next.cost();
        let is_beginning = self.last.is_empty() && self.left_out() == 1;
        if is_beginning && self.first.len() < MOST_FIRST && self.first_cost + cost <= FIRST_COST {
            self.first_cost += cost;
            self.first.push(next);
        } else {
            self.last_cost += cost;
            self.last.push_back(next);
        }
    }

    /// Forgets a line of the end, the oldest; if there is none, the newest of the beginning. Whether there was one.
    pub(super) fn shrink(&mut self) -> bool {
        if self.pop_last_front().is_some() {
            return true;
        }
        let popped = self.first.pop();
        self.first_cost -= popped.as_ref().map_or(0, LogLine::cost);
        popped.is_some()
    }

    /// Forgets all lines, and how many there were not.
    pub(super) fn clear(&mut self) {
        *self = Self {
            seen: self.seen,
            ..Self::default()
        };
    }

    fn pop_last_front(&mut self) -> Option<LogLine> {
        let popped = self.last.pop_front();
        self.last_cost -= popped.as_ref().map_or(0, LogLine::cost);
        popped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log_of(lines: impl IntoIterator<Item = String>) -> KeptLog {
        let mut log = KeptLog::default();
        for line in lines {
            log.push(Duration::ZERO, &line);
        }
        log
    }

    #[test]
    fn a_short_log_is_kept_whole_and_of_a_long_one_the_beginning_and_the_end() {
        let short = log_of((1..=350).map(|n| format!("line {n}")));
        let long = log_of((1..=1_000_000).map(|n| format!("line {n}")));

        let all: Vec<_> = short.first().chain(short.last()).collect();
        assert_eq!((all.len(), short.left_out()), (350, 0));
        assert_eq!(all[99].text, "line 100");
        assert_eq!(all[349].text, "line 350");
        assert_eq!((long.seen(), long.left_out()), (1_000_000, 999_600));
        assert_eq!(long.first().next_back().unwrap().text, "line 100");
        assert_eq!(long.last().next().unwrap().text, "line 999701");
        assert_eq!(long.last().next_back().unwrap().text, "line 1000000");
    }

    #[test]
    fn long_and_marked_up_lines_leave_room_for_fewer() {
        let plain = log_of((0..1000).map(|_| "x".repeat(100_000)));
        let marked = log_of((0..1000).map(|_| "<\"&".repeat(100_000)));

        for log in [&plain, &marked] {
            assert!(log.cost() <= FIRST_COST + LAST_COST + 6 * LONGEST_LINE + 1000);
            assert!(log.last().len() > 3, "the end is there");
        }
        assert!(marked.last().len() < plain.last().len());
        assert!(plain.last().all(|line| line.text.ends_with("x...")));
        let cost: usize = marked
            .first
            .iter()
            .chain(&marked.last)
            .map(LogLine::cost)
            .sum();
        assert_eq!(marked.cost(), cost);
    }

    #[test]
    fn colours_do_not_stay() {
        let log = log_of(["\x1b[1;31mred\x1b[0m".to_owned()]);

        assert_eq!(log.first().next().unwrap().text, "red");
    }

    #[test]
    fn what_shrinks_forgets_what_is_farthest_from_both_ends() {
        let mut log = log_of((1..=102).map(|n| format!("line {n}")));

        assert!(log.shrink() && log.shrink() && log.shrink());

        assert_eq!(log.left_out(), 3);
        assert_eq!(log.first().next_back().unwrap().text, "line 99");
        while log.shrink() {}
        assert_eq!((log.left_out(), log.cost()), (102, 0));
    }
}
