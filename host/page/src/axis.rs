//! The axis: the time of a build, from its first step's beginning to its last one's end, as parts of a width.
//!
//! Reads, writes: nothing. Unknown here: steps.

use std::time::{Duration, SystemTime};

use oci_image_progress::record::BuildRecord;

/// How many marks there are at most, beside the one at the beginning.
const MOST_MARKS: u32 = 6;
/// How far the marks are apart, in milliseconds; from an hour on, hours.
const DISTANCES: [u64; 19] = [
    10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000,
    300_000, 600_000, 900_000, 1_800_000, 3_600_000,
];

/// A time that is shown as a width.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Axis {
    start: SystemTime,
    length: Duration,
}

/// A mark on it.
#[derive(Debug, PartialEq)]
pub(crate) struct Mark {
    pub(crate) percent: String,
    pub(crate) label: String,
}

impl Axis {
    /// That of a build; `None` if nothing ran.
    pub(crate) fn of(record: &BuildRecord) -> Option<Self> {
        let (start, end) = (record.start()?, record.end()?);
        let length = end.duration_since(start).unwrap_or_default();
        Some(Self {
            start,
            length: length.max(Duration::from_millis(1)),
        })
    }

    /// How long after the beginning that is.
    pub(crate) fn since_start(&self, at: SystemTime) -> Duration {
        at.duration_since(self.start)
            .unwrap_or_default()
            .min(self.length)
    }

    /// Where that is: `12.345%`.
    pub(crate) fn percent(&self, at: SystemTime) -> String {
        percent(self.part(self.since_start(at)))
    }

    /// How wide that is.
    pub(crate) fn width(&self, from: SystemTime, to: SystemTime) -> String {
        let width = self.since_start(to).saturating_sub(self.since_start(from));
        percent(self.part(width))
    }

    /// The marks, the beginning left out.
    pub(crate) fn marks(&self) -> Vec<Mark> {
        let enough = self.length / MOST_MARKS;
        let hours = self.length.as_secs() / 3600 / u64::from(MOST_MARKS) + 1;
        let known = DISTANCES.map(Duration::from_millis).into_iter();
        let distance = (known.chain([Duration::from_secs(hours.saturating_mul(3600))]))
            .find(|distance| *distance >= enough)
            .unwrap_or(self.length);
        (1..=MOST_MARKS)
            .map(|n| distance.saturating_mul(n))
            // One at the very end would have its label outside.
            .take_while(|at| self.part(*at) < 0.96)
            .map(|at| Mark {
                percent: percent(self.part(at)),
                label: label(at),
            })
            .collect()
    }

    fn part(&self, length: Duration) -> f64 {
        length.as_secs_f64() / self.length.as_secs_f64()
    }
}

fn percent(part: f64) -> String {
    format!("{:.3}%", part * 100.0)
}

/// `0.5s`, `20s`, `2m`, `1h30m`.
fn label(at: Duration) -> String {
    let (hours, minutes, seconds) = (
        at.as_secs() / 3600,
        at.as_secs() / 60 % 60,
        at.as_secs() % 60,
    );
    match (hours, minutes, seconds, at.subsec_millis()) {
        (0, 0, seconds, 0) => format!("{seconds}s"),
        (0, 0, 0, millis) => format!("{millis}ms"),
        (0, 0, ..) => format!("{}s", at.as_secs_f64()),
        (0, minutes, 0, _) => format!("{minutes}m"),
        (0, minutes, seconds, _) => format!("{minutes}m{seconds:02}s"),
        (hours, 0, ..) => format!("{hours}h"),
        (hours, minutes, ..) => format!("{hours}h{minutes:02}m"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(ms: u64) -> Vec<String> {
        let axis = Axis {
            start: SystemTime::UNIX_EPOCH,
            length: Duration::from_millis(ms),
        };
        axis.marks().into_iter().map(|mark| mark.label).collect()
    }

    #[test]
    fn marks_are_round_and_few() {
        assert_eq!(labels(1), Vec::<String>::new());
        assert_eq!(labels(340), ["100ms", "200ms", "300ms"]);
        assert_eq!(labels(8_300), ["2s", "4s", "6s"]);
        assert_eq!(labels(2_600), ["500ms", "1s", "1.5s", "2s"]);
        assert_eq!(labels(150_000), ["30s", "1m", "1m30s", "2m"]);
        assert_eq!(labels(26_000_000), ["2h", "4h", "6h"]);
        for ms in [1, 7, 99, 12_345, 999_999, 86_400_000, 1 << 40] {
            assert!(labels(ms).len() <= 6, "{ms}");
        }
    }

    #[test]
    fn places_lie_on_the_axis_whatever_the_clock_says() {
        let start = SystemTime::UNIX_EPOCH + Duration::from_secs(100);
        let axis = Axis {
            start,
            length: Duration::from_secs(8),
        };

        assert_eq!(axis.percent(start + Duration::from_secs(2)), "25.000%");
        assert_eq!(axis.percent(start + Duration::from_secs(80)), "100.000%");
        assert_eq!(axis.percent(SystemTime::UNIX_EPOCH), "0.000%");
        assert_eq!(
            axis.width(start + Duration::from_secs(4), SystemTime::UNIX_EPOCH),
            "0.000%"
        );
    }
}
