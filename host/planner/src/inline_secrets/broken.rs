//! A text that is no JSON: in one whose quotes are not balanced nothing is certain; what follows a `"text":` is masked up to the end
//! of its string.

use super::token::{skip_space, string_at, word_length};
use super::{TEXT, stars};

/// Masks the values of every `"text":` that can be seen.
pub(super) fn mask_after_keys(object: &[u8], masked: &mut [u8]) {
    let key = format!("\"{TEXT}\"");
    let mut at = 0;
    while let Some(found) = find(&object[at..], key.as_bytes()) {
        at += found + key.len();
        let colon = skip_space(object, at);
        if object.get(colon) != Some(&b':') {
            continue;
        }
        let value = skip_space(object, colon + 1);
        match object.get(value) {
            Some(b'"') => stars::fill(&mut masked[string_at(object, value).content]),
            _ => masked[value..value + word_length(&object[value..])].fill(b'*'),
        }
    }
}

fn find(text: &[u8], sought: &[u8]) -> Option<usize> {
    text.windows(sought.len())
        .position(|window| window == sought)
}
