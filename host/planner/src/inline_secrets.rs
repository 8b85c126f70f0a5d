//! Takes the texts of inline secrets out of an object before anybody else sees it: planner, log, excerpt of a diagnostic.
//!
//! Each byte of such a text is replaced, so the object keeps its length and all places in it stay true. Masked is more than
//! the contract calls a secret, because what is written in the wrong form is a secret all the same: every value of a key `text`
//! whose name is not the user's own, and everything below an id of `buildkit_secrets` but the path of a file.
//!
//! What is masked is JSON exactly if the text was: a defect of a secret stays one, so nobody judges another text than the one that is
//! built. Whatever is not JSON is masked after every `"text":` that can be seen, too.
//!
//! What people are shown is masked further ([`shown`]): there a name counts however it is spelt, and a path that may be none.
//!
//! - `hidden`: what nobody is shown, for the messages that would quote it.
//! - `places`: what is masked, and for whom.
//! - `stars`: a text as stars that are no better than it was.

mod hidden;
mod places;
mod stars;

use std::collections::BTreeMap;
use std::fmt;

pub use self::hidden::Hidden;

use serde_json::value::RawValue;

use self::places::{Audience, Place, Places};
use super::MAX_OBJECT;
use crate::secret_name;

/// How much is shown of a text that is too long, in bytes.
const BEGINNING: usize = 64 << 10;
/// The key of the object that holds secrets.
const SECRETS: &str = "buildkit_secrets";
/// The key of the object that names keys of SSH.
const SSH: &str = "buildkit_ssh";
/// The key of a secret that holds its text.
const TEXT: &str = "text";

/// Bytes that no log, argument, plan or error may show: `Debug` prints `SecretBytes(..)`, `Display` does not exist.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretBytes(Vec<u8>);

impl SecretBytes {
    /// How many bytes there are.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "nobody asks")]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The bytes, for the session that hands them to a step.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretBytes(..)")
    }
}

/// An object without the texts of its secrets, and those.
#[derive(Debug)]
pub struct Masked {
    /// The object's text, as long as it was.
    pub object: String,
    /// The texts by id: those that the contract knows as inline secrets. Of two with one id the last.
    pub secrets: BTreeMap<String, SecretBytes>,
}

/// Takes the secrets out of an object's text.
///
/// ```
/// let masked = oci_image_planner::inline_secrets::mask(r#"{"buildkit_secrets": {"token": {"text": "xyzzy"}}}"#);
/// assert_eq!(masked.object, r#"{"buildkit_secrets": {"token": {"text": "*****"}}}"#);
/// assert_eq!(masked.secrets["token"].clone().into_bytes(), b"xyzzy");
/// ```
#[must_use]
pub fn mask(object: &str) -> Masked {
    let mut masked = object.as_bytes().to_vec();
    Places::each(object, Audience::Planner, |place| match place {
        Place::Text(range) => stars::fill(&mut masked[range]),
        Place::Word(range) => stars::fill_word(&mut masked[range]),
    });
    if !is_json(object) {
        mask_after_keys(object.as_bytes(), &mut masked);
    }
    // The planner refuses a longer one.
    let secrets = if object.len() <= MAX_OBJECT {
        texts(object)
    } else {
        BTreeMap::new()
    };
    Masked {
        object: whole(masked),
        secrets,
    }
}

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
    let are_certain = Places::each(judged, Audience::Reader, |place| {
        let (Place::Text(range) | Place::Word(range)) = place;
        stars::fill_lines(&mut masked[range]);
    });
    if !is_json(judged) {
        mask_after_keys(judged.as_bytes(), &mut masked);
        if let Some(start) = secret_name::first_in(judged).filter(|_| !are_certain) {
            stars::fill_lines(&mut masked[start..]);
        }
    }
    masked.extend_from_slice(rest.as_bytes());
    stars::fill_lines(&mut masked[end..]);
    whole(masked)
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<&RawValue>(text).is_ok()
}

fn whole(masked: Vec<u8>) -> String {
    String::from_utf8(masked).expect(
        "whole characters were replaced: a place ends at a quote, at white space, or at the end",
    )
}

/// The secrets that the contract knows. Other values stay text: as a tree, an object takes a hundred times its length.
fn texts(object: &str) -> BTreeMap<String, SecretBytes> {
    let secrets = entries(object).remove(SECRETS).map(RawValue::get);
    let text = |(id, secret): (String, &RawValue)| {
        let text = entries(secret.get()).remove(TEXT)?;
        let text: String = serde_json::from_str(text.get()).ok()?;
        Some((id, SecretBytes(text.into_bytes())))
    };
    let secrets = entries(secrets.unwrap_or_default()).into_iter();
    secrets.filter_map(text).collect()
}

/// The entries of a map in JSON, of two with one name the last; none of anything else.
fn entries(json: &str) -> BTreeMap<String, &RawValue> {
    serde_json::from_str(json).unwrap_or_default()
}

/// In a text whose quotes are not balanced nothing is certain; what follows a `"text":` is masked up to the end of its string.
fn mask_after_keys(object: &[u8], masked: &mut [u8]) {
    const KEY: &[u8] = b"\"text\"";
    let mut at = 0;
    while let Some(found) = find(&object[at..], KEY) {
        at += found + KEY.len();
        let colon = places::skip_space(object, at);
        if object.get(colon) != Some(&b':') {
            continue;
        }
        let value = places::skip_space(object, colon + 1);
        match object.get(value) {
            Some(b'"') => stars::fill(&mut masked[places::string_at(object, value).content]),
            _ => masked[value..value + places::word_length(&object[value..])].fill(b'*'),
        }
    }
}

fn find(text: &[u8], sought: &[u8]) -> Option<usize> {
    text.windows(sought.len())
        .position(|window| window == sought)
}

#[cfg(test)]
mod tests;
