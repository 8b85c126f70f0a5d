//! What a plain scalar is: by the core schema of YAML 1.2, or as Concourse reads it.
//!
//! Source: YAML 1.2.2, 10.3.2 (tag resolution); for Concourse `go.yaml.in/yaml/v2` (`resolve.go`), and Go's `strconv` and `encoding/json`,
//! by which its numbers are read and written anew. `tests/fixtures/concourse_scalars.json` holds what those made of some
//! thousand scalars.

use std::borrow::Cow;

/// Which reader of YAML decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// YAML 1.2: the files of this program.
    Core,
    /// What Concourse makes of a task file: YAML 1.1, as far as its library reads that.
    Concourse,
}

/// A plain scalar, as JSON has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Plain<'y> {
    Null,
    True,
    False,
    /// A number, as JSON writes it.
    Number(Cow<'y, str>),
    /// A number that JSON cannot say: an infinity, or none.
    NoNumber,
    Text,
}

impl<'y> Plain<'y> {
    pub(super) fn of(dialect: Dialect, text: &'y str) -> Self {
        match text {
            "" | "~" | "null" | "Null" | "NULL" => Self::Null,
            "true" | "True" | "TRUE" => Self::True,
            "false" | "False" | "FALSE" => Self::False,
            _ => match dialect {
                Dialect::Core if is_number(text) => Self::Number(json_number(text).into()),
                Dialect::Core => Self::Text,
                Dialect::Concourse => Self::concourse(text),
            },
        }
    }

    fn concourse(text: &str) -> Self {
        match text {
            "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => return Self::True,
            "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => return Self::False,
            _ => {}
        }
        let number = match text.as_bytes().first() {
            Some(b'0'..=b'9' | b'+' | b'-' | b'.') if is_no_number(text) => return Self::NoNumber,
            Some(b'0'..=b'9' | b'+' | b'-') => concourse_number(&text.replace('_', "")),
            Some(b'.') => decimal(text),
            _ => None,
        };
        number.map_or(Self::Text, |number| Self::Number(number.into()))
    }
}

fn is_no_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN")
}

/// A number without its underscores, written anew.
fn concourse_number(plain: &str) -> Option<String> {
    integer(plain).or_else(|| decimal(plain)).or_else(|| {
        // Behind the prefix the library reads a second sign.
        let (sign, digits) = match plain.strip_prefix("-0b") {
            Some(digits) => ("-", digits),
            None => ("", plain.strip_prefix("0b")?),
        };
        let digits = if sign.is_empty() {
            digits.strip_prefix('+').unwrap_or(digits)
        } else {
            digits
        };
        let is_signed = digits.starts_with(['+', '-']) && !sign.is_empty();
        let value = i64::from_str_radix(&format!("{sign}{digits}"), 2)
            .ok()
            .filter(|_| !is_signed)?;
        Some(value.to_string())
    })
}

/// What Go's `ParseInt` and `ParseUint` make of a text in the base that its prefix names: `0755` is octal.
fn integer(plain: &str) -> Option<String> {
    let (is_negative, unsigned) = match plain.as_bytes().first()? {
        b'-' => (true, &plain[1..]),
        b'+' => (false, &plain[1..]),
        _ => (false, plain),
    };
    let (base, digits) = match unsigned.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &unsigned[2..]),
        [b'0', b'o' | b'O', ..] => (8, &unsigned[2..]),
        [b'0', b'b' | b'B', ..] => (2, &unsigned[2..]),
        [b'0', _, ..] => (8, &unsigned[1..]),
        _ => (10, unsigned),
    };
    // Rust reads a sign of its own here.
    let value = u64::from_str_radix(digits, base)
        .ok()
        .filter(|_| !digits.starts_with('+'))?;
    let is_signed = plain.len() > unsigned.len();
    match i64::try_from(value) {
        Ok(value) if is_negative => Some((-value).to_string()),
        Ok(value) => Some(value.to_string()),
        Err(_) if is_negative && value == i64::MIN.unsigned_abs() => Some(i64::MIN.to_string()),
        Err(_) => (!is_signed).then(|| value.to_string()),
    }
}

/// A decimal fraction as Go's JSON writes it: in full, unless it is very small or very large.
fn decimal(plain: &str) -> Option<String> {
    let unsigned = plain.strip_prefix(['-', '+']).unwrap_or(plain);
    let value: f64 = is_decimal(unsigned).then(|| plain.parse().ok()).flatten()?;
    if value.is_infinite() {
        return None;
    }
    let size = value.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let shortest = format!("{value:e}");
        return Some(match shortest.split_once('e') {
            Some((mantissa, exponent)) if !exponent.starts_with('-') => {
                format!("{mantissa}e+{exponent}")
            }
            _ => shortest,
        });
    }
    Some(value.to_string())
}

fn is_number(text: &str) -> bool {
    if let Some(digits) = text.strip_prefix("0o") {
        return some(digits, |byte| (b'0'..=b'7').contains(&byte));
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return some(digits, |byte| byte.is_ascii_hexdigit());
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    is_no_number(text) || is_decimal(unsigned)
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
fn json_number(text: &str) -> &str {
    if serde_json::from_str::<&serde_json::value::RawValue>(text).is_ok() {
        text
    } else {
        "0"
    }
}

#[cfg(test)]
mod tests;
