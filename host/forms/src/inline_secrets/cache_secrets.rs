//! The secrets of layer caches, which stand within texts: what of one nobody is shown, and what stands there.
//!
//! Reads and writes: nothing. Source: `oci_image_schema::layer_cache`.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

use oci_image_boundary::secret_bytes::SecretBytes;
use oci_image_schema::layer_cache::{self, KEYS};

use super::audience::Audience;
use crate::letters::Letters;
use crate::secret_name;

/// The names of attributes that are secrets.
static SECRETS: LazyLock<Vec<Letters<'_>>> =
    LazyLock::new(|| layer_cache::secret_names().map(Letters::of).collect());

/// How JSON writes the end of a line.
const END_OF_LINE: &str = "\\n";

/// The secrets of the layer caches of an object, by their places in its lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CacheSecrets([Vec<BTreeMap<String, SecretBytes>>; 2]);

impl CacheSecrets {
    /// Those of an object: `value` is that of a key, as JSON.
    pub(super) fn of<'text>(value: impl Fn(&str) -> Option<&'text str>) -> Self {
        Self(KEYS.map(|key| value(key).map(secrets).unwrap_or_default()))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().flatten().all(BTreeMap::is_empty)
    }

    /// Those of a cache that is read, by the names of attributes.
    #[must_use]
    pub fn of_read(&self, index: usize) -> Option<&BTreeMap<String, SecretBytes>> {
        self.0[0].get(index)
    }

    /// Those of a cache that is written.
    #[must_use]
    pub fn of_written(&self, index: usize) -> Option<&BTreeMap<String, SecretBytes>> {
        self.0[1].get(index)
    }
}

/// Those of a list in JSON, each element's; none of anything else.
fn secrets(list: &str) -> Vec<BTreeMap<String, SecretBytes>> {
    let texts: Vec<String> = serde_json::from_str(list).unwrap_or_default();
    let of_text = |text: &String| {
        let secrets = layer_cache::secrets(text).into_iter();
        secrets
            .map(|(name, secret)| (name, SecretBytes::new(secret)))
            .collect()
    };
    texts.iter().map(of_text).collect()
}

/// What of the content of a string in JSON may be such a secret.
pub(super) fn hidden(content: &str, audience: Audience) -> Vec<Range<usize>> {
    let is_escaped = |line: &str| line.contains('\\');
    if !content.split(END_OF_LINE).any(is_escaped) {
        return hidden_in(content, END_OF_LINE, audience);
    }
    // Where something stands in such a text cannot be told: all of it is hidden, or nothing.
    let read: Option<String> = serde_json::from_str(&format!("\"{content}\"")).ok();
    let is_hidden = read.is_none_or(|text| !hidden_in(&text, "\n", audience).is_empty());
    let whole = is_hidden.then_some(0..content.len());
    whole.into_iter().collect()
}

/// The same of a string elsewhere, where a text about layer caches may stand if a sign is wrong: what has the name of a secret.
pub(super) fn hidden_elsewhere(content: &str) -> Vec<Range<usize>> {
    if !content.contains("type=") {
        return Vec::new();
    }
    let is_secret = |name: &str| is_word(name) && is_hidden(Some(name));
    let fields = layer_cache::fields(content).into_iter();
    let secrets = fields.filter(|field| field.name.as_deref().is_some_and(is_secret));
    secrets.map(|field| field.value_range).collect()
}

fn is_word(name: &str) -> bool {
    let is_of_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !name.is_empty() && name.bytes().all(is_of_word)
}

/// What of a text as it is read, with a line for each cache, its readers are not shown.
pub(crate) fn hidden_in_text(text: &str) -> Vec<Range<usize>> {
    hidden_in(text, "\n", Audience::Reader)
}

fn hidden_in(text: &str, end: &str, audience: Audience) -> Vec<Range<usize>> {
    let mut start = 0;
    let mut found = Vec::new();
    for line in text.split(end) {
        let hidden = layer_cache::fields(line).into_iter().filter_map(|field| {
            let range = field.value_range;
            let from = match audience {
                _ if is_hidden(field.name.as_deref()) => 0,
                // The planner is given what is no field as it is: what it says of it is not shown either.
                Audience::Planner => return None,
                Audience::Reader => astray(field.value)?,
            };
            Some(start + range.start + from..start + range.end)
        });
        found.extend(hidden);
        start += line.len() + end.len();
    }
    found
}

/// Where in a value a secret begins that was meant to be a field of its own: after the name of one and `=`.
fn astray(value: &str) -> Option<usize> {
    secret_name::words(value).find_map(|(at, word)| {
        let rest = value[at + word.len()..].strip_prefix('=')?;
        is_hidden(Some(word)).then(|| value.len() - rest.len())
    })
}

/// Whether the value of a field of this name may be a secret, however that is spelt; and so is what has none: the rest of a secret that
/// holds a comma.
fn is_hidden(name: Option<&str>) -> bool {
    name.is_none_or(|name| {
        if name.is_empty() {
            return true;
        }
        let letters = Letters::of(name);
        let is_meant = |secret: &Letters<'_>| letters.are_spelt(secret);
        SECRETS.iter().any(is_meant)
            || secret_name::is_credential(&letters)
            || secret_name::holds_secrets(&letters)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inline_secrets::{mask, shown};

    #[test]
    fn secrets_of_layer_caches_are_stars_and_are_kept() {
        let object = r#"{"cache_from": ["a/b", "type=s3,bucket=b,secret_access_key=x/y=,region=r"], "cache_to": ["type=gha, Token = xyzzy "]}"#;

        let masked = mask(object);

        assert_eq!(
            masked.text(),
            r#"{"cache_from": ["a/b", "type=s3,bucket=b,secret_access_key=****,region=r"], "cache_to": ["type=gha, Token = ***** "]}"#
        );
        let secrets = masked.cache_secrets();
        assert_eq!(secrets.of_read(0), Some(&BTreeMap::new()));
        assert_eq!(
            secrets.of_read(1).unwrap()["secret_access_key"].reveal(),
            b"x/y="
        );
        assert_eq!(secrets.of_written(0).unwrap()["token"].reveal(), b"xyzzy");
        assert_eq!(secrets.of_written(1), None);
    }

    #[test]
    fn what_may_be_a_secret_is_hidden_however_it_is_written() {
        for (object, planned, read) in [
            (
                r#"{"cache_to": ["type=s3,secret_acces_key=xyzzy,buket=b,tokn=xyzzy,rest"]}"#,
                r#"{"cache_to": ["type=s3,secret_acces_key=*****,buket=b,tokn=*****,****"]}"#,
                r#"{"cache_to": ["type=s3,secret_acces_key=*****,buket=b,tokn=*****,****"]}"#,
            ),
            (
                r#"{"cache_to": ["type=gha,\u0074oken=xyzzy"]}"#,
                r#"{"cache_to": ["*************************"]}"#,
                r#"{"cache_to": ["*************************"]}"#,
            ),
            (
                r#"{"cache_to": "type=gha,token=xyzzy\ntype=gha"}"#,
                r#"{"cache_to": "type=gha,token=*****\ntype=gha"}"#,
                r#"{"cache_to": "type=gha,token=*****\ntype=gha"}"#,
            ),
            (
                r#"{"params": {"CACHE_TO": "type=gha,token=xyzzy"}}"#,
                r#"{"params": {"CACHE_TO": "type=gha,token=xyzzy"}}"#,
                r#"{"params": {"CACHE_TO": "type=gha,token=*****"}}"#,
            ),
            (
                r#"{"build_args": ["token=xyzzy"]}"#,
                r#"{"build_args": ["token=xyzzy"]}"#,
                r#"{"build_args": ["token=xyzzy"]}"#,
            ),
        ] {
            assert_eq!(mask(object).text(), planned);
            assert_eq!(shown(object), read);
        }
    }
}
