//! A text that is no JSON: in one whose quotes are not balanced nothing is certain; what follows a `"text":` is masked up to the end
//! of its string.

use super::token::{skip_space, string_at, word_length};
use super::{TEXT, stars};

/// Masks the values of every `"text":` that can be seen.
pub(super) fn mask_after_keys(object: &str, masked: &mut [u8]) {
    let bytes = object.as_bytes();
    for (at, key) in object.match_indices(&format!("\"{TEXT}\"")) {
        let colon = skip_space(bytes, at + key.len());
        if bytes.get(colon) != Some(&b':') {
            continue;
        }
        let value = skip_space(bytes, colon + 1);
        match bytes.get(value) {
            Some(b'"') => stars::fill(&mut masked[string_at(bytes, value).content]),
            _ => masked[value..value + word_length(&bytes[value..])].fill(b'*'),
        }
    }
}
