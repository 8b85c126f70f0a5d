//! Amounts as a person reads them: bytes in decimal units, durations in seconds.
//!
//! The digits are those of `buildctl --progress=plain`, so that logs of both can be compared line by line.
//!
//! Reads, writes: nothing. Unknown here: steps, solves.

use std::time::Duration;

/// What is shown of a name where it is a reminder, in characters.
const LONGEST_BEGINNING: usize = 72;

/// `379B`, `1.98MB`: decimal units, two digits from a kilobyte on.
pub fn bytes(count: i64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if count.unsigned_abs() < 1000 {
        return format!("{count}B");
    }
    // An i64 ends below 10 EB, so the units suffice. The loss of precision is far below the digits shown.
    let mut value = count as f64 / 1000.0;
    let mut unit = 0;
    while value.abs() >= 1000.0 {
        value /= 1000.0;
        unit += 1;
    }
    format!("{value:.2}{}", UNITS[unit])
}

/// The same of a size, which has no sign.
pub fn size(count: u64) -> String {
    // An i64 ends at 9.22 EB, beyond which nothing is.
    bytes(i64::try_from(count).unwrap_or(i64::MAX))
}

/// `1 step`, `2 steps`.
pub fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// `0.1s`: how long something took.
pub fn seconds(duration: Duration) -> String {
    format!("{:.1}s", duration.as_secs_f64())
}

/// `45s`, `2m05s`, `1h02m`: how long something has taken that takes long.
pub fn minutes(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds}s"),
        (0, minutes, seconds) => format!("{minutes}m{seconds:02}s"),
        (hours, minutes, _) => format!("{hours}h{minutes:02}m"),
    }
}

/// The beginning of a long name, in 72 characters.
pub fn beginning(name: &str) -> String {
    clip(name, LONGEST_BEGINNING)
}

/// The first `longest` characters of a text.
pub(super) fn clip(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// `0.123`, `12.34`, `123.4`: when within a step a line was printed; always about as wide.
pub fn clock(since_start: Duration) -> String {
    let seconds = since_start.as_secs_f64();
    let digits = match seconds {
        s if s < 10.0 => 3,
        s if s < 100.0 => 2,
        _ => 1,
    };
    format!("{seconds:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_shown_in_decimal_units() {
        let shown: Vec<_> = [0, 2, 999, 1000, 1234, 1_982_714, -5_000_000, i64::MAX]
            .map(bytes)
            .into();

        assert_eq!(
            shown,
            [
                "0B", "2B", "999B", "1.00kB", "1.23kB", "1.98MB", "-5.00MB", "9.22EB"
            ]
        );
    }

    #[test]
    fn a_clock_keeps_its_width_while_seconds_grow() {
        let shown = [67, 9_999, 12_345, 123_456].map(|ms| clock(Duration::from_millis(ms)));

        assert_eq!(shown, ["0.067", "9.999", "12.35", "123.5"]);
    }
}
