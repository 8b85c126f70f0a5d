//! Quantities as they are typed: how many bytes, how long.
//!
//! Reads and writes: nothing.

use std::time::Duration;

/// What stands behind a number of bytes, without case.
const SIZES: [(&str, u64); 14] = [
    ("", 1),
    ("b", 1),
    ("k", 1000),
    ("kb", 1000),
    ("m", 1_000_000),
    ("mb", 1_000_000),
    ("g", 1_000_000_000),
    ("gb", 1_000_000_000),
    ("t", 1_000_000_000_000),
    ("tb", 1_000_000_000_000),
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("tib", 1 << 40),
];

/// What stands behind a length of time, in seconds.
const TIMES: [(&str, u64); 5] = [
    ("s", 1),
    ("m", 60),
    ("h", 60 * 60),
    ("d", 24 * 60 * 60),
    ("w", 7 * 24 * 60 * 60),
];

/// `1500000`, `2GB`, `1.5GiB`.
pub(crate) fn bytes(text: &str) -> Result<u64, String> {
    scaled(text, &SIZES)
        .ok_or_else(|| "write a number of bytes, such as `500MB` or `2GiB`".to_owned())
}

/// `90s`, `12h`, `14d`.
pub(crate) fn time(text: &str) -> Result<Duration, String> {
    let seconds = scaled(text, &TIMES);
    seconds.map(Duration::from_secs).ok_or_else(|| {
        "write a number and `s`, `m`, `h`, `d` or `w`, such as `12h` or `14d`".to_owned()
    })
}

/// A number, with at most one point in it, times its unit.
fn scaled(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let text = text.trim();
    let end = text
        .find(|character: char| !character.is_ascii_digit() && character != '.')
        .unwrap_or(text.len());
    let unit = text[end..].trim().to_ascii_lowercase();
    let (_, unit) = units.iter().find(|(name, _)| *name == unit)?;
    let (whole, part) = text[..end].split_once('.').unwrap_or((&text[..end], "0"));
    // More digits than these are below a byte of the largest unit.
    let part = part.get(..12).unwrap_or(part);
    let parts = 10_u128.pow(u32::try_from(part.len()).ok()?);
    let scale = u128::from(*unit);
    let whole = whole.parse::<u64>().ok()?;
    let part = u128::from(part.parse::<u64>().ok()?);
    u64::try_from(u128::from(whole).checked_mul(scale)? + part * scale / parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_typed_in_the_units_that_people_use() {
        for (text, expected) in [
            ("0", 0),
            ("1500", 1500),
            ("2GB", 2_000_000_000),
            ("2g", 2_000_000_000),
            ("1.5GiB", 3 << 29),
            (" 500 MB ", 500_000_000),
            ("0.5kB", 500),
            ("18446744073709551615", u64::MAX),
        ] {
            assert_eq!(bytes(text), Ok(expected), "{text}");
        }
        for text in [
            "",
            "GB",
            "-1",
            "1x",
            "1.2.3GB",
            ".5GB",
            "1.",
            "18446744073709551616",
            "99999999TiB",
            "1e3",
            "½",
        ] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }

    #[test]
    fn time_has_a_unit() {
        assert_eq!(time("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(time("14d"), Ok(Duration::from_secs(14 * 86400)));
        assert_eq!(time("1.5h"), Ok(Duration::from_secs(5400)));
        for text in ["14", "", "d", "1y", "99999999999999999w"] {
            assert!(time(text).is_err(), "{text}");
        }
    }
}
