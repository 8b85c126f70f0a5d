//! The answer of a realm: a token and how long it holds.
//!
//! Whatever else stands in it is passed over. A time that cannot be read is none: the daemon then counts from when it got the token,
//! and asks again too early rather than too late.
//!
//! Reads and writes: nothing. Unknown here: requests.
//! Source: distribution's token specification (`token`, `access_token`, `expires_in`, `issued_at`); RFC 3339.

use serde_json::Value;

use crate::secrets::SecretBytes;

/// How long a token holds of which nothing is said, in seconds (distribution's token specification).
const ORDINARY_LIFE: i64 = 60;
/// The most that is kept of what a realm says of a refusal, in characters.
const REASON_LIMIT: usize = 300;

/// A token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    /// What the registry is shown.
    pub(crate) text: SecretBytes,
    /// How long it holds, in seconds.
    pub(crate) expires_in: i64,
    /// From when, in seconds since 1970; 0: from now.
    pub(crate) issued_at: i64,
}

impl Token {
    /// The token in an answer; `None` if there is none that a header could hold.
    pub(super) fn read(answer: &[u8]) -> Option<Self> {
        let answer: Value = serde_json::from_slice(answer).ok()?;
        let text = |key: &str| {
            let text = answer.get(key)?.as_str()?;
            (!text.is_empty()).then_some(text)
        };
        let token = text("access_token").or_else(|| text("token"))?;
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        let expires_in = answer.get("expires_in").and_then(Value::as_i64);
        Some(Self {
            text: SecretBytes::new(token),
            expires_in: expires_in.filter(|life| *life > 0).unwrap_or(ORDINARY_LIFE),
            issued_at: text("issued_at").and_then(seconds).unwrap_or(0),
        })
    }
}

/// What an answer that is a refusal says: the registries' `errors`, OAuth's `error_description`, else nothing.
pub(super) fn reason(answer: &[u8]) -> String {
    let Ok(answer) = serde_json::from_slice::<Value>(answer) else {
        return String::new();
    };
    let errors = answer.pointer("/errors/0/message");
    let plain = ["details", "error_description", "message", "error"];
    let said = errors.or_else(|| plain.iter().find_map(|key| answer.get(key)));
    let said = said.and_then(Value::as_str).unwrap_or_default();
    said.chars().take(REASON_LIMIT).collect()
}

/// Seconds since 1970 of a time like `2026-11-29T16:30:00.5Z` or with `+01:00`.
fn seconds(time: &str) -> Option<i64> {
    let number = |range: std::ops::Range<usize>| -> Option<i64> {
        let text = time.get(range)?;
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| text.parse().ok())?
    };
    let signs = [(4, '-'), (7, '-'), (13, ':'), (16, ':')];
    let is_formed = (signs.iter())
        .all(|(at, sign)| time.get(*at..).is_some_and(|rest| rest.starts_with(*sign)));
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    let in_range = (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    let zone = time
        .get(19..)?
        .trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    if !is_formed || !in_range {
        return None;
    }
    Some(days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset(zone)?)
}

/// The seconds by which a zone is ahead: `Z`, `+01:30`.
fn offset(zone: &str) -> Option<i64> {
    if zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = match zone.get(..1)? {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    let number = |text: &str| text.parse::<u8>().ok().map(i64::from);
    Some(sign * (number(hours)? * 3600 + number(minutes)? * 60))
}

/// Days since 1970-01-01, in the Gregorian calendar: years begin in March here, so that the odd day of a leap year is their last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let since_march = (month + 9) % 12;
    let of_year = (153 * since_march + 2) / 5 + day - 1;
    year * 365 + year / 4 - year / 100 + year / 400 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_is_answered_a_token_is_one_that_a_header_can_hold(
            token in any::<String>(),
            life in any::<i64>(),
            time in r"[0-9]{0,5}-?[0-9]{0,3}-?[0-9]{0,3}[Tt ]?[0-9]{0,3}:?[0-9]{0,3}:?[0-9]{0,3}[.0-9]{0,5}[Zz+é-]?[0-9:]{0,6}",
            bytes in any::<Vec<u8>>(),
        ) {
            prop_assert_eq!(Token::read(&bytes).map(|_| ()), serde_json::from_slice::<Value>(&bytes).ok().and(None));
            let answer = serde_json::json!({"token": token, "expires_in": life, "issued_at": time}).to_string();
            if let Some(read) = Token::read(answer.as_bytes()) {
                prop_assert_eq!(read.text.reveal(), token.as_bytes());
                prop_assert!(token.bytes().all(|byte| byte.is_ascii_graphic()) && read.expires_in > 0);
            }
            prop_assert!(reason(&bytes).chars().count() <= REASON_LIMIT);
        }
    }

    fn token(answer: &str) -> Option<(String, i64, i64)> {
        let token = Token::read(answer.as_bytes())?;
        let text = String::from_utf8(token.text.reveal().to_vec()).unwrap();
        Some((text, token.expires_in, token.issued_at))
    }

    #[test]
    fn a_token_is_read_by_either_name_with_its_life() {
        assert_eq!(token(r#"{"token": "t"}"#), Some(("t".into(), 60, 0)));
        assert_eq!(
            token(
                r#"{"token": "t", "access_token": "a", "expires_in": 300, "issued_at": "1970-01-02T00:00:01Z"}"#
            ),
            Some(("a".into(), 300, 86_401))
        );
        for life in ["0", "-5", "null", "\"300\"", "1.5", "1e999"] {
            let read = token(&format!(
                r#"{{"token": "t", "expires_in": {life}, "issued_at": 5}}"#
            ));
            assert_eq!(
                read,
                (life != "1e999").then(|| ("t".into(), 60, 0)),
                "{life}"
            );
        }
    }

    #[test]
    fn what_holds_no_token_is_none() {
        for answer in [
            "",
            "{}",
            "[]",
            "null",
            "<html>",
            r#"{"token": ""}"#,
            r#"{"token": 5}"#,
            r#"{"token": "a b"}"#,
            "{\"token\": \"a\\r\\nX: y\"}",
            r#"{"token": "\u001b[2J"}"#,
            r#"{"token": "é"}"#,
            r#"{"token": "t"} trailing"#,
        ] {
            assert_eq!(token(answer), None, "{answer}");
        }
    }

    #[test]
    fn a_time_is_that_of_its_zone() {
        // By `date -u -d ... +%s`.
        for (time, expected) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2000-02-29T12:00:00Z", Some(951_825_600)),
            ("2026-11-29T16:30:00Z", Some(1_795_969_800)),
            ("2026-11-29T17:30:00.123456789+01:00", Some(1_795_969_800)),
            ("2026-11-29t11:00:00-05:30", Some(1_795_969_800)),
            ("2100-03-01T00:00:00Z", Some(4_107_542_400)),
            ("2026-13-29T16:30:00Z", None),
            ("2026-11-29T16:30:00", None),
            ("2026-11-29 16:30", None),
            ("yesterday", None),
            ("2026-11-29T16:30:00+é", None),
            ("é026-11-29T16:30:00Z", None),
            ("", None),
        ] {
            assert_eq!(seconds(time), expected, "{time}");
        }
    }

    #[test]
    fn a_refusal_says_why_in_whichever_form() {
        for (answer, expected) in [
            (r#"{"errors": [{"code": "DENIED", "message": "no"}]}"#, "no"),
            (
                r#"{"error": "invalid_grant", "error_description": "wrong"}"#,
                "wrong",
            ),
            (
                r#"{"details": "incorrect username or password"}"#,
                "incorrect username or password",
            ),
            ("<html>", ""),
            (r#"{"errors": "x", "message": 5}"#, ""),
        ] {
            assert_eq!(reason(answer.as_bytes()), expected, "{answer}");
        }
        let long = format!(r#"{{"message": "{}"}}"#, "x".repeat(5000));
        assert_eq!(reason(long.as_bytes()).len(), REASON_LIMIT);
    }
}
