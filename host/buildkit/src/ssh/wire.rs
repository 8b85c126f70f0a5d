//! SSH's data types: strings and integers, each behind its length.
//!
//! Reads and writes: nothing. Unknown here: what they mean.
//! Source: RFC 4251, section 5.

/// Appends a `string`.
pub(super) fn put_string(to: &mut Vec<u8>, bytes: &[u8]) {
    let length = u32::try_from(bytes.len()).expect("a key, its name or a signature is short");
    to.extend(length.to_be_bytes());
    to.extend(bytes);
}

/// Appends a `mpint` that is not negative, given as its bytes from the highest.
pub(super) fn put_integer(to: &mut Vec<u8>, magnitude: &[u8]) {
    let zeros = magnitude.iter().take_while(|byte| **byte == 0).count();
    let magnitude = &magnitude[zeros..];
    // A first bit that is set would say that the number is negative.
    let sign: &[u8] = match magnitude.first() {
        Some(first) if first & 0x80 != 0 => &[0],
        _ => &[],
    };
    put_string(to, &[sign, magnitude].concat());
}

/// Takes a `string` off the front; `None` if it is not there in whole.
pub(super) fn take_string<'m>(from: &mut &'m [u8]) -> Option<&'m [u8]> {
    let length = take_number(from)?;
    let (string, rest) = from.split_at_checked(usize::try_from(length).ok()?)?;
    *from = rest;
    Some(string)
}

/// Takes a `mpint` off the front, as its bytes from the highest, without zeros in front; `None` if it is negative.
pub(super) fn take_integer<'m>(from: &mut &'m [u8]) -> Option<&'m [u8]> {
    let integer = take_string(from)?;
    if integer.first().is_some_and(|first| first & 0x80 != 0) {
        return None;
    }
    let zeros = integer.iter().take_while(|byte| **byte == 0).count();
    Some(&integer[zeros..])
}

/// Takes a `uint32` off the front.
pub(super) fn take_number(from: &mut &[u8]) -> Option<u32> {
    let (number, rest) = from.split_first_chunk()?;
    *from = rest;
    Some(u32::from_be_bytes(*number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_as_short_as_they_can_be_and_never_negative() {
        let put = |magnitude: &[u8]| {
            let mut bytes = Vec::new();
            put_integer(&mut bytes, magnitude);
            bytes
        };

        assert_eq!(put(&[]), [0, 0, 0, 0]);
        assert_eq!(put(&[0, 0]), [0, 0, 0, 0]);
        assert_eq!(put(&[0, 0x7f]), [0, 0, 0, 1, 0x7f]);
        assert_eq!(put(&[0x80, 1]), [0, 0, 0, 3, 0, 0x80, 1]);
    }

    #[test]
    fn what_is_cut_off_is_not_taken() {
        let mut whole: &[u8] = &[0, 0, 0, 2, 7, 8, 9];
        let mut cut: &[u8] = &[0, 0, 0, 2, 7];
        let mut endless: &[u8] = &[0xff, 0xff, 0xff, 0xff, 7];

        assert_eq!(take_string(&mut whole), Some(&[7, 8][..]));
        assert_eq!(whole, [9]);
        assert_eq!(take_string(&mut cut), None);
        assert_eq!(take_string(&mut endless), None);
        assert_eq!(take_number(&mut whole), None);
    }
}
