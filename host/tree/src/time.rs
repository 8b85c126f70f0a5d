//! Points in time, as entries of archives state them.
//!
//! Reads and writes: nothing. Unknown here: clocks, headers. Source: POSIX.1-2024 `pax`, `mtime`.

/// A point in time: seconds since 1970, which may be negative, and nanoseconds after them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Time {
    /// Whole seconds.
    pub seconds: i64,
    /// Less than a second.
    pub nanoseconds: u32,
}

impl Time {
    /// A whole second.
    pub(crate) fn at(seconds: i64) -> Self {
        Self {
            seconds,
            nanoseconds: 0,
        }
    }

    /// The time in a PAX record: decimal seconds, possibly negative, possibly with a fraction of which nine digits count.
    pub(crate) fn from_pax(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let seconds: i64 = whole.parse().ok()?;
        if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let digits = fraction.get(..9).unwrap_or(fraction);
        let nanoseconds: u32 = format!("{digits:0<9}").parse().ok()?;
        // -1.25 s is 750 ms after -2 s.
        Some(match (whole.starts_with('-'), nanoseconds) {
            (true, 1..) => Self {
                seconds: seconds.checked_sub(1)?,
                nanoseconds: 1_000_000_000 - nanoseconds,
            },
            _ => Self {
                seconds,
                nanoseconds,
            },
        })
    }
}
