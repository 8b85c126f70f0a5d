//! A text as people may see it.

use super::audience::READER;
use super::broken::mask_after_keys;
use super::places::{Place, Places};
use super::reading::{is_json, whole};
use super::stars;
use crate::inline_secrets::MAX_OBJECT;
use crate::secret_name;

/// How much is shown of a text that is too long, in bytes.
const BEGINNING: usize = 64 << 10;

/// A request's text as people may see it, as long as it was: the object, or what it stands in. Of one that is too long to be read
/// the beginning.
#[must_use]
pub fn shown(text: &str) -> String {
    let end = if text.len() > MAX_OBJECT {
        text.floor_char_boundary(BEGINNING)
    } else {
        text.len()
    };
    let (judged, rest) = text.split_at(end);
    let mut masked = judged.as_bytes().to_vec();
    masked.reserve_exact(rest.len());
    let form = Places::each(judged, READER, |_, place| {
        let (Place::Text(range) | Place::Word(range)) = place;
        stars::fill_lines(&mut masked[range]);
    });
    if !form.is_json && !is_json(judged) {
        mask_after_keys(judged, &mut masked);
        if let Some(start) = secret_name::first_in(judged).filter(|_| !form.is_certain) {
            stars::fill_lines(&mut masked[start..]);
        }
    }
    masked.extend_from_slice(rest.as_bytes());
    stars::fill_lines(&mut masked[end..]);
    whole(masked)
}
