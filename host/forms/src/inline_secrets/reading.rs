//! The one reading of a request's text: what is masked of it for the planner, what nobody is shown, and its outline.

use std::collections::BTreeMap;
use std::ops::Range;

use oci_image_boundary::secret_bytes::SecretBytes;
use serde_json::value::RawValue;

use super::audience::{ALL, Audience, PLANNER};
use super::broken::mask_after_keys;
use super::cache_secrets::CacheSecrets;
use super::hidden::Hidden;
use super::masked_object::MaskedObject;
use super::outline::Outline;
use super::places::{Place, Places};
use super::{SECRETS, TEXT, stars};
use crate::inline_secrets::MAX_OBJECT;

/// What one reading of a text tells: that of an object, of the message in which one stands, or of JSON that means the same as
/// either.
// No `Debug`: it would show secrets.
pub struct Reading<'text> {
    text: &'text str,
    /// The text as the planner may see it, as long as it was.
    masked: String,
    /// What nobody is shown of it.
    pub hidden: Hidden,
    /// What it holds.
    pub outline: Outline,
}

impl<'text> Reading<'text> {
    /// Reads a text.
    #[must_use]
    pub fn of(text: &'text str) -> Self {
        let mut masked = text.as_bytes().to_vec();
        let mut hidden = Hidden::default();
        // Of a longer one nothing is quoted.
        let is_quoted = text.len() <= MAX_OBJECT;
        let audiences = if is_quoted { ALL } else { PLANNER };
        let form = Places::each(text, audiences, |audience, place| match (audience, place) {
            (Audience::Planner, Place::Text(range)) => stars::fill(&mut masked[range]),
            (Audience::Planner, Place::Word(range)) => stars::fill_word(&mut masked[range]),
            (Audience::Reader, Place::Text(range) | Place::Word(range)) => {
                hidden.add(&text[range]);
            }
        });
        if !form.is_json && !is_json(text) {
            mask_after_keys(text, &mut masked);
        }
        Self {
            text,
            masked: whole(masked),
            hidden,
            outline: form.outline,
        }
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &'text str {
        self.text
    }

    /// The whole text as the planner may see it.
    #[must_use]
    pub fn masked(&self) -> &str {
        &self.masked
    }

    /// The text as an object.
    #[must_use]
    pub fn object(&self) -> MaskedObject {
        self.part(0..self.text.len(), 1)
    }

    /// The object that stands at a part of the text, which is a message.
    #[must_use]
    pub fn object_of_message(&self, part: Range<usize>) -> MaskedObject {
        self.part(part, 2)
    }

    fn part(&self, part: Range<usize>, level: usize) -> MaskedObject {
        let value = |name: &str| match self.outline.value(level, name) {
            // The planner refuses a longer one.
            _ if part.len() > MAX_OBJECT => None,
            Some(value) => value.map(|value| &self.text[value]),
            None => {
                let value = entries(&self.text[part.clone()]).remove(name);
                value.map(RawValue::get)
            }
        };
        let secrets = value(SECRETS).map(texts).unwrap_or_default();
        let of_caches = CacheSecrets::of(value);
        MaskedObject::new(self.masked[part.clone()].to_owned(), secrets, of_caches)
    }
}

/// Takes the secrets out of an object's text.
///
/// ```
/// let masked = oci_image_forms::inline_secrets::mask(r#"{"buildkit_secrets": {"token": {"text": "xyzzy"}}}"#);
/// assert_eq!(masked.text(), r#"{"buildkit_secrets": {"token": {"text": "*****"}}}"#);
/// assert_eq!(masked.secrets()["token"].reveal(), b"xyzzy");
/// ```
#[must_use]
pub fn mask(object: &str) -> MaskedObject {
    Reading::of(object).object()
}

pub(super) fn is_json(text: &str) -> bool {
    serde_json::from_str::<&RawValue>(text).is_ok()
}

pub(super) fn whole(masked: Vec<u8>) -> String {
    String::from_utf8(masked).expect(
        "whole characters were replaced: a place ends at a quote, at white space, or at the end",
    )
}

/// The texts in a map of secrets, by id: those that the contract knows as inline secrets. Of two with one id the last.
// Other values stay text: as a tree, an object takes a hundred times its length.
fn texts(secrets: &str) -> BTreeMap<String, SecretBytes> {
    let text = |(id, secret): (String, &RawValue)| {
        let text = entries(secret.get()).remove(TEXT)?;
        let text: String = serde_json::from_str(text.get()).ok()?;
        Some((id, SecretBytes::new(text)))
    };
    entries(secrets).into_iter().filter_map(text).collect()
}

/// The entries of a map in JSON, of two with one name the last; none of anything else.
fn entries(json: &str) -> BTreeMap<String, &RawValue> {
    serde_json::from_str(json).unwrap_or_default()
}
