//! Numbers with a unit, as people write them: how many bytes, how long.
//!
//! Case does not count, and neither do blanks around the number and around its unit.

/// What stands behind a number of bytes, in lower case, and how many it stands for.
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

/// `1500000`, `2GB`, `1.5GiB`: how many bytes, as [`scaled`] has it.
#[must_use]
pub fn bytes(text: &str) -> Option<u128> {
    scaled(text, &SIZES)
}

/// A number, with at most one point in it, times its unit, which is one of `units` in lower case. Part of a whole is a whole one, so
/// that it is zero only where every digit is; what is beyond a `u128` is the highest.
#[must_use]
pub fn scaled(text: &str, units: &[(&str, u64)]) -> Option<u128> {
    // More digits than these are below a byte of the largest unit.
    const DIGITS: usize = 12;
    let text = text.trim();
    let end = text
        .find(|character: char| !character.is_ascii_digit() && character != '.')
        .unwrap_or(text.len());
    let unit = text[end..].trim().to_ascii_lowercase();
    let (_, unit) = units.iter().find(|(name, _)| *name == unit)?;
    let (whole, part) = text[..end].split_once('.').unwrap_or((&text[..end], "0"));
    if whole.is_empty() || part.is_empty() || part.contains('.') {
        return None;
    }
    let (part, rest) = part.split_at(part.len().min(DIGITS));
    let rest = u128::from(rest.bytes().any(|digit| digit != b'0'));
    let scale = u128::from(*unit);
    let parts = 10_u128.pow(u32::try_from(part.len()).ok()?);
    let part = (part.parse::<u128>().ok()? * scale + rest).div_ceil(parts);
    // Of digits alone, too many are the only mistake left.
    let whole = whole.parse::<u128>().unwrap_or(u128::MAX);
    Some(whole.saturating_mul(scale).saturating_add(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_written_in_the_units_that_people_use() {
        for (text, expected) in [
            ("0", 0),
            ("1500", 1500),
            ("2GB", 2_000_000_000),
            ("2g", 2_000_000_000),
            ("1.5GiB", 3 << 29),
            (" 500\u{a0}MB\n", 500_000_000),
            ("0.5kB", 500),
            ("18446744073709551616", 1 << 64),
        ] {
            assert_eq!(bytes(text), Some(expected), "{text}");
        }
        for text in [
            "",
            " ",
            "GB",
            "-1",
            "+1",
            "1x",
            "1.2.3GB",
            ".5GB",
            "1.",
            ".",
            "1e3",
            "½",
            "٣",
            "1 000",
            "1\u{212a}B",
        ] {
            assert_eq!(bytes(text), None, "{text}");
        }
    }

    #[test]
    fn nothing_is_zero_but_zero_and_nothing_is_too_much() {
        for (text, expected) in [
            ("0.0TiB", 0),
            ("0.1", 1),
            ("1.0", 1),
            ("0.0000000000000000001TiB", 1),
            ("0.00000000000000000000", 0),
        ] {
            assert_eq!(bytes(text), Some(expected), "{text}");
        }
        let long = "9".repeat(10_000);
        assert_eq!(bytes(&long), Some(u128::MAX));
        assert_eq!(bytes(&format!("{long}.{long}TiB")), Some(u128::MAX));
    }
}
