//! Times and amounts, as a page shows them.
//!
//! Reads, writes: nothing.

use std::time::{Duration, SystemTime};

use oci_image_progress::amount;
use oci_image_progress::record::Transfer;

/// `0.32s`, `45.1s`, `2m05s`: for how long.
pub(crate) fn time(duration: Duration) -> String {
    match duration.as_secs() {
        0..10 => format!("{:.2}s", duration.as_secs_f64()),
        10..100 => amount::seconds(duration),
        _ => amount::minutes(duration),
    }
}

/// `Mon, 30 Nov 2026 08:34:09 GMT`; nothing for a time that no calendar has.
pub(crate) fn date(time: SystemTime) -> Option<String> {
    let since_epoch = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    // The year 9999 ends here; what formats dates goes no further.
    (since_epoch < Duration::from_secs(253_402_300_800)).then(|| httpdate::fmt_http_date(time))
}

/// How much of a part was done: `3.40MB`, `1.20MB of 3.40MB`; nothing where it counts nothing.
pub(crate) fn done(transfer: &Transfer) -> Option<String> {
    let Transfer { current, total, .. } = *transfer;
    match (current, total) {
        (..=0, ..=0) => None,
        (current, total) if total > current => Some(format!(
            "{} of {}",
            amount::bytes(current),
            amount::bytes(total)
        )),
        (current, _) => Some(amount::bytes(current)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_the_digits_that_matter() {
        let shown =
            [0, 324, 4_249, 45_123, 99_900, 125_000].map(|ms| time(Duration::from_millis(ms)));

        assert_eq!(
            shown,
            ["0.00s", "0.32s", "4.25s", "45.1s", "99.9s", "2m05s"]
        );
    }

    #[test]
    fn a_date_that_no_calendar_has_is_not_shown() {
        let at = |seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds));

        assert_eq!(
            date(at(1_796_028_849).unwrap()).as_deref(),
            Some("Mon, 30 Nov 2026 08:54:09 GMT")
        );
        assert_eq!(at(1 << 40).and_then(date), None);
    }
}
