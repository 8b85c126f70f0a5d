//! Quantities as they are typed: how many bytes, how long.
//!
//! Reads and writes: nothing. Source: `oci_image_schema::quantity`.

use std::time::Duration;

use oci_image_schema::quantity;

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
    let bytes = quantity::bytes(text).and_then(|bytes| u64::try_from(bytes).ok());
    bytes.ok_or_else(|| "write a number of bytes, such as `500MB` or `2GiB`".to_owned())
}

/// `90s`, `12h`, `14d`.
pub(crate) fn time(text: &str) -> Result<Duration, String> {
    let seconds = quantity::scaled(text, &TIMES).and_then(|seconds| u64::try_from(seconds).ok());
    seconds.map(Duration::from_secs).ok_or_else(|| {
        "write a number and `s`, `m`, `h`, `d` or `w`, such as `12h` or `14d`".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_at_most_what_64_bits_count() {
        assert_eq!(bytes("1.5GiB"), Ok(3 << 29));
        assert_eq!(bytes("18446744073709551615"), Ok(u64::MAX));
        for text in ["", "18446744073709551616", "99999999TiB", "1x"] {
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
