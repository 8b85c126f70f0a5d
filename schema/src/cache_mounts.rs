//! Cache mounts that are kept: the word that stands for none, and how much they may take together.

use crate::quantity;

/// What stands for no cache mount.
pub const NO_MOUNT: &str = "none";
/// The options of a mount that say which one it is: nobody's id begins with one of these and `=`, and people copy them.
pub const OPTIONS: &[&str] = &["type", "id", "target", "dst", "destination"];
/// How much is kept where nobody says, in bytes.
pub const DEFAULT_LIMIT: u64 = 2 << 30;
/// The same, as it is written.
pub const DEFAULT_LIMIT_TEXT: &str = "2GiB";

/// The highest limit, in bytes: more than any disk has, and what every reader of JSON reads exactly (RFC 8259, 6).
const MOST: u64 = (1 << 53) - 1;

/// The limit that a text stands for, in bytes; zero only where it is written. One that is beyond all disks is the highest.
#[must_use]
pub fn limit(text: &str) -> Option<u64> {
    let bytes = quantity::bytes(text)?;
    Some(u64::try_from(bytes).unwrap_or(MOST).min(MOST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limit_is_a_size_that_fits_into_a_number_of_json() {
        for (text, found) in [
            (DEFAULT_LIMIT_TEXT, Some(DEFAULT_LIMIT)),
            ("500MB", Some(500_000_000)),
            ("0", Some(0)),
            ("0.0000000000000001kB", Some(1)),
            ("9007199254740990", Some(9_007_199_254_740_990)),
            ("9007199254740993", Some(9_007_199_254_740_991)),
            (
                "99999999999999999999999999999999999999999TiB",
                Some(9_007_199_254_740_991),
            ),
            ("2 gigabytes", None),
            ("", None),
        ] {
            assert_eq!(limit(text), found, "{text}");
        }
    }
}
