//! The headers of a call, in which the daemon says what it wants: keys of several values, encoded where they are no ASCII.
//!
//! Reads and writes: nothing. Unknown here: what is asked for.
//! Source: BuildKit, `session/filesync` (`encodeOpts`); Go's `net/url` (`QueryUnescape`).

use http::{HeaderMap, HeaderValue};

/// The values of a key, decoded where the daemon says that it encoded them.
pub(super) fn values(headers: &HeaderMap, key: &str) -> Vec<Vec<u8>> {
    let encoded = headers
        .get(format!("{key}-encoded"))
        .is_some_and(|value| matches!(value.as_bytes(), b"1" | b"t" | b"T" | b"true"));
    let values = headers.get_all(key).iter().map(HeaderValue::as_bytes);
    if encoded {
        values
            .map(|value| decode(value).unwrap_or_default())
            .collect()
    } else {
        values.map(<[u8]>::to_vec).collect()
    }
}

/// Undoes the encoding of a query component; `None` if it is malformed.
fn decode(value: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let mut decoded = Vec::with_capacity(value.len());
    let mut bytes = value.iter();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let (high, low) = (digit(*bytes.next()?)?, digit(*bytes.next()?)?);
                u8::try_from(high * 16 + low).ok()?
            }
            other => *other,
        });
    }
    Some(decoded)
}
