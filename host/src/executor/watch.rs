//! A watch on work of our own: what is reported of it, where it is worth a step.
//!
//! Reads: a meter. Writes: nothing. Unknown here: who looks, and how often.

use std::time::SystemTime;

use crate::buildkit::status::Status;
use crate::image::Meter;
use crate::progress::OwnStep;

/// Work that is watched. It has a step from when a look first found something of it left to do.
pub(super) struct Watch {
    name: &'static str,
    deed: &'static str,
    meter: Meter,
    /// What was done when nothing was left to do.
    before: u64,
    since: SystemTime,
    /// When a look found nothing left to do, if the last one did.
    idle: Option<SystemTime>,
    shown: Option<OwnStep>,
}

impl Watch {
    pub(super) fn new(name: &'static str, deed: &'static str, meter: &Meter) -> Self {
        Self {
            name,
            deed,
            meter: meter.clone(),
            before: meter.read().0,
            since: SystemTime::now(),
            idle: None,
            shown: None,
        }
    }

    /// What there is to report of it by now.
    pub(super) fn look(&mut self, now: SystemTime) -> Option<Status> {
        self.seen(self.meter.read(), now)
    }

    fn seen(&mut self, (done, expected): (u64, u64), now: SystemTime) -> Option<Status> {
        let is_idle = done == expected;
        if self.shown.is_none() && is_idle {
            (self.before, self.since) = (done, now);
            return None;
        }
        let was_idle = self.idle.is_some();
        self.idle = is_idle.then(|| self.idle.unwrap_or(now));
        if was_idle && is_idle {
            return None;
        }
        let begun = || OwnStep::begun(self.name, self.deed, self.since);
        let step = self.shown.get_or_insert_with(begun);
        Some(step.status(done - self.before, expected - self.before, now))
    }

    /// What is reported of it at the end. More of it may have been done since the last look, or nothing for a long time.
    pub(super) fn last(&mut self, now: SystemTime) -> Option<Status> {
        self.ended(self.meter.read().0, now)
    }

    fn ended(&mut self, done: u64, now: SystemTime) -> Option<Status> {
        let step = self.shown.take()?;
        Some(step.ended(done - self.before, self.idle.unwrap_or(now)))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn work_has_taken_as_long_as_there_was_some_left() {
        let mut watch = Watch::new("copying", "copied", &Meter::default());
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let amounts = |status: Option<Status>| {
            let status = status?;
            Some((status.progress[0].current, status.progress[0].total))
        };

        assert_eq!(amounts(watch.seen((100, 100), at(10))), None); // of an earlier build
        assert_eq!(amounts(watch.seen((130, 150), at(11))), Some((30, 50)));
        assert_eq!(amounts(watch.seen((150, 150), at(12))), Some((50, 50)));
        assert_eq!(amounts(watch.seen((150, 150), at(13))), None);
        assert_eq!(amounts(watch.seen((160, 170), at(20))), Some((60, 70)));
        assert_eq!(amounts(watch.seen((170, 170), at(21))), Some((70, 70)));
        let last = watch.ended(170, at(30)).unwrap();

        let vertex = &last.vertices[0];
        assert_eq!(
            (vertex.started, vertex.completed),
            (Some(at(10)), Some(at(21)))
        );
        assert_eq!(amounts(Some(last)), Some((70, 70)));
        assert!(watch.ended(170, at(31)).is_none());
    }

    #[test]
    fn work_that_goes_on_between_the_looks_ends_at_the_end() {
        let mut watch = Watch::new("copying", "copied", &Meter::default());
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);

        watch.seen((0, 0), at(1));
        watch.seen((10, 50), at(2));
        let last = watch.ended(50, at(3)).unwrap();

        assert_eq!(last.vertices[0].completed, Some(at(3)));
    }
}
