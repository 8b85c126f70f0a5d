//! `compression` and `compression_level`: the codecs by name, and the levels that each has.
//!
//! Source: libdeflate has 12 levels; of zstd's, those above 19 take more memory than a reader must have (RFC 8878, 3.1.1.1.2).

/// What every reader of images knows; meant where nothing is said.
pub const GZIP: &str = "gzip";
/// Faster and smaller, for those who can read it.
pub const ZSTD: &str = "zstd";
/// The codecs.
pub const NAMES: &[&str] = &[GZIP, ZSTD];

/// The highest level of gzip; the lowest of all is 1.
pub const MOST_OF_GZIP: u8 = 12;
/// The highest level of zstd.
pub const MOST_OF_ZSTD: u8 = 19;

/// The level that a text stands for: digits, without a sign or a zero before them, from 1 to `most`.
#[must_use]
pub fn level(text: &str, most: u8) -> Option<u8> {
    let level = text.parse().ok()?;
    ((1..=most).contains(&level) && level.to_string() == text).then_some(level)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn level_is_a_number_of_the_range_in_one_spelling() {
        for (text, found) in [("1", Some(1)), ("9", Some(9)), ("12", Some(12))] {
            assert_eq!(level(text, MOST_OF_GZIP), found);
        }
        for wrong in ["", "0", "13", "256", "+1", "-1", "01", " 1", "1.0", "one"] {
            assert_eq!(level(wrong, MOST_OF_GZIP), None, "{wrong}");
        }
    }
}
