//! Silence: when it is worth a line that nothing else is.
//!
//! Reads, writes: nothing. Unknown here: what is said then.

use std::time::{Duration, SystemTime};

use crate::part::since;

/// How long nothing may be said before the first word.
const FIRST: Duration = Duration::from_secs(15);
/// The longest time between two. Services that run builds take ten minutes without a line for a hang.
const LONGEST: Duration = Duration::from_secs(240);

/// How long nothing was said.
#[derive(Debug)]
pub(super) struct Silence {
    /// Since when, other than by what is said of the silence itself; none before anything was said.
    since: Option<SystemTime>,
    /// When it is worth a word next.
    next: Duration,
}

impl Silence {
    pub(super) fn new() -> Self {
        Self {
            since: None,
            next: FIRST,
        }
    }

    /// Something else was said.
    pub(super) fn end(&mut self, now: SystemTime) {
        self.since = Some(now);
        self.next = FIRST;
    }

    /// Whether it is worth a word now; the next one is worth it after twice the time.
    pub(super) fn is_due(&mut self, now: SystemTime) -> bool {
        let begun = *self.since.get_or_insert(now);
        let silent = since(begun, now);
        if silent < self.next {
            return false;
        }
        while self.next <= silent && self.next < LONGEST {
            self.next += self.next;
        }
        // The times are the daemon's, and may lie as far apart as they like.
        if let Some(beyond) = silent.checked_sub(self.next) {
            let more = beyond.as_secs() / LONGEST.as_secs() + 1;
            let more = Duration::from_secs(more.saturating_mul(LONGEST.as_secs()));
            self.next = self.next.saturating_add(more);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_rare_and_never_end() {
        let mut silence = Silence::new();
        let at = |second| SystemTime::UNIX_EPOCH + Duration::from_secs(second);
        silence.end(at(100));

        let told: Vec<u64> = (0..=1000)
            .filter(|second| silence.is_due(at(100 + second)))
            .collect();

        assert_eq!(told, [15, 30, 60, 120, 240, 480, 720, 960]);
    }

    #[test]
    fn silence_of_any_length_is_told_at_once_and_once() {
        let mut silence = Silence::new();
        let end = Duration::from_secs(i64::MAX as u64);
        silence.end(SystemTime::UNIX_EPOCH);

        assert!(silence.is_due(SystemTime::UNIX_EPOCH + end));
        assert!(!silence.is_due(SystemTime::UNIX_EPOCH + end));
        assert!(silence.next > end && silence.next <= end + LONGEST);
    }

    #[test]
    fn what_is_said_otherwise_begins_it_anew() {
        let mut silence = Silence::new();
        let at = |second| SystemTime::UNIX_EPOCH + Duration::from_secs(second);
        silence.end(at(0));
        assert!(silence.is_due(at(40)));
        assert!(!silence.is_due(at(59)));

        silence.end(at(59));
        assert!(!silence.is_due(at(73)));
        assert!(silence.is_due(at(74)));
    }
}
