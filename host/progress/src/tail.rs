//! Tail: the last lines of a log.
//!
//! Holds at most [`MOST_LINES`] lines and about [`MOST_BYTES`] bytes, whatever was printed.
//!
//! Reads, writes: nothing. Unknown here: steps, solves.

use std::collections::VecDeque;

/// How many lines are kept.
const MOST_LINES: usize = 40;
/// How many bytes are kept; the last line always is.
const MOST_BYTES: usize = 16 * 1024;

/// The end of a log.
#[derive(Debug, Default)]
pub(super) struct Tail {
    lines: VecDeque<String>,
    bytes: usize,
    seen: u64,
}

impl Tail {
    pub(super) fn push(&mut self, line: String) {
        self.seen += 1;
        self.bytes += line.len();
        self.lines.push_back(line);
        while self.lines.len() > MOST_LINES || (self.bytes > MOST_BYTES && self.lines.len() > 1) {
            self.bytes -= self.lines.pop_front().map_or(0, |first| first.len());
        }
    }

    /// The lines kept, oldest first.
    pub(super) fn lines(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(String::as_str)
    }

    /// How many bytes are kept.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many lines there were in all.
    pub(super) fn seen(&self) -> u64 {
        self.seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_kept_and_all_are_counted() {
        let mut tail = Tail::default();

        (1..=100).for_each(|n| tail.push(format!("line {n}")));

        assert_eq!(tail.lines().next(), Some("line 61"));
        assert_eq!(
            (tail.lines().count(), tail.lines().last(), tail.seen()),
            (40, Some("line 100"), 100)
        );
    }

    #[test]
    fn long_lines_leave_room_for_fewer() {
        let mut tail = Tail::default();

        (0..5).for_each(|_| tail.push("x".repeat(7_000)));
        assert_eq!(tail.lines().count(), 2);

        tail.push("y".repeat(20_000));
        assert_eq!(tail.lines().count(), 1);
    }
}
