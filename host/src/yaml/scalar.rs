//! What a plain scalar is, by the core schema of YAML 1.2.
//!
//! Source: YAML 1.2.2, 10.3.2 (tag resolution).

/// A plain scalar, as JSON has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plain {
    Null,
    True,
    False,
    Number,
    Text,
}

impl Plain {
    pub(super) fn of(text: &str) -> Self {
        match text {
            "" | "~" | "null" | "Null" | "NULL" => Self::Null,
            "true" | "True" | "TRUE" => Self::True,
            "false" | "False" | "FALSE" => Self::False,
            _ if is_number(text) => Self::Number,
            _ => Self::Text,
        }
    }
}

fn is_number(text: &str) -> bool {
    if let Some(digits) = text.strip_prefix("0o") {
        return some(digits, |byte| (b'0'..=b'7').contains(&byte));
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return some(digits, |byte| byte.is_ascii_hexdigit());
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    matches!(unsigned, ".inf" | ".Inf" | ".INF")
        || matches!(text, ".nan" | ".NaN" | ".NAN")
        || is_decimal(unsigned)
}

/// `[0-9]+(\.[0-9]*)?` or `\.[0-9]+`, and an exponent.
fn is_decimal(unsigned: &str) -> bool {
    let digit = |byte: u8| byte.is_ascii_digit();
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let exponent = exponent.map(|text| text.strip_prefix(['-', '+']).unwrap_or(text));
    if exponent.is_some_and(|digits| !some(digits, digit)) {
        return false;
    }
    match mantissa.split_once('.') {
        None => some(mantissa, digit),
        Some(("", fraction)) => some(fraction, digit),
        Some((whole, fraction)) => some(whole, digit) && fraction.bytes().all(digit),
    }
}

/// Whether there are bytes, and all of a kind.
fn some(text: &str, kind: impl Fn(u8) -> bool) -> bool {
    !text.is_empty() && text.bytes().all(kind)
}

/// The number as JSON: as written where JSON writes it so, else a zero. No key takes a number, so only that it is one matters.
pub(super) fn json_number(text: &str) -> &str {
    if serde_json::from_str::<&serde_json::value::RawValue>(text).is_ok() {
        text
    } else {
        "0"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_are_what_the_core_schema_says() {
        for (kind, texts) in [
            (Plain::Null, &["", "~", "null", "Null", "NULL"][..]),
            (Plain::True, &["true", "True", "TRUE"]),
            (Plain::False, &["false", "False", "FALSE"]),
            (
                Plain::Number,
                &[
                    "0", "-0", "+12", "007", "0o17", "0xfF", "1.", "1.0", "-1.5e3", ".5", "1e-7",
                    "+.inf", "-.INF", ".nan",
                ],
            ),
            (
                Plain::Text,
                &[
                    "yes",
                    "no",
                    "on",
                    "off",
                    "y",
                    "N",
                    "nULL",
                    "tRUE",
                    "0o8",
                    "0o",
                    "0x",
                    "0xg",
                    "-0x1",
                    "1_000",
                    "1:30",
                    "1e",
                    "e1",
                    ".",
                    "-",
                    "+",
                    "1.2.3",
                    "+.nan",
                    "inf",
                    "2026-01-01",
                    "<<",
                    "=",
                ],
            ),
        ] {
            for text in texts {
                assert_eq!(Plain::of(text), kind, "{text}");
            }
        }
    }

    #[test]
    fn number_is_written_as_json_can() {
        for (written, json) in [
            ("12", "12"),
            ("-1.5e3", "-1.5e3"),
            ("007", "0"),
            ("0x1f", "0"),
            (".nan", "0"),
            ("1.", "0"),
        ] {
            assert_eq!(json_number(written), json, "{written}");
        }
    }
}
