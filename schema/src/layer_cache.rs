//! Layer caches that the daemon reads and writes itself: their types, what each is told, and how people write one.
//!
//! One is a text, as `docker buildx` has it: `type=registry,ref=registry.example/app:cache`, or the reference alone. No value holds a
//! comma, so nothing is quoted. What of a text is secret is told by the names of its fields, so that it can be taken out before anybody
//! judges the rest.
//!
//! Source: BuildKit, `cache/remotecache` and `control`: what it reads.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::plan::{LayerCache, LayerCacheAttribute, LayerCacheValue};

/// The key of the object that says what is read, and the one that says what is written.
pub const KEYS: [&str; 2] = ["cache_from", "cache_to"];

/// The field that says of which type a cache is.
pub const TYPE: &str = "type";
/// That of a registry, which a reference alone stands for.
pub const REGISTRY: &str = "registry";
/// That which is part of an image: it is only written, and read as one of a registry.
pub const INLINE: &str = "inline";
/// That of the service of GitHub's Actions.
pub const GHA: &str = "gha";
/// That of S3.
pub const S3: &str = "s3";
/// That of Azure.
pub const AZBLOB: &str = "azblob";
/// That of a directory, which is the key `cache` here.
pub const LOCAL: &str = "local";
/// The attribute that names a cache in a registry.
pub const REFERENCE: &str = "ref";

/// A type of layer caches.
#[derive(Debug, Clone, Copy)]
pub struct CacheType {
    /// Its name.
    pub name: &'static str,
    /// What it is told.
    attributes: &'static [Attribute],
}

/// What a cache is told.
#[derive(Debug, Clone, Copy)]
pub struct Attribute {
    /// Its name.
    pub name: &'static str,
    /// What its value may be.
    pub form: AttributeForm,
    /// Whether there is no such cache without it.
    pub is_required: bool,
    /// Whether it counts for a cache that is written, and for no other.
    pub is_of_exports: bool,
}

/// What a value may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttributeForm {
    /// Any text.
    Text,
    /// One that nobody is shown.
    Secret,
    /// One of these words.
    Words(&'static [&'static str]),
    /// A whole number above zero.
    Count,
}

/// A field of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field<'t> {
    /// Its name, in lower case; nothing where it has no `=`.
    pub name: Option<String>,
    /// Its value; of one without a name all of it.
    pub value: &'t str,
    /// Where it stands in the text.
    pub range: Range<usize>,
    /// Where the value stands.
    pub value_range: Range<usize>,
}

const FLAG: AttributeForm = AttributeForm::Words(&["true", "false"]);

const fn attribute(name: &'static str, form: AttributeForm) -> Attribute {
    Attribute {
        name,
        form,
        is_required: false,
        is_of_exports: false,
    }
}

const fn text(name: &'static str) -> Attribute {
    attribute(name, AttributeForm::Text)
}

const fn secret(name: &'static str) -> Attribute {
    attribute(name, AttributeForm::Secret)
}

impl Attribute {
    const fn required(self) -> Self {
        Self {
            is_required: true,
            ..self
        }
    }

    const fn of_exports(self) -> Self {
        Self {
            is_of_exports: true,
            ..self
        }
    }
}

const MODE: Attribute = attribute("mode", AttributeForm::Words(&["min", "max"])).of_exports();
const IGNORE_ERROR: Attribute = attribute("ignore-error", FLAG).of_exports();
const CODECS: AttributeForm = AttributeForm::Words(&["uncompressed", "gzip", "estargz", "zstd"]);

/// The types, in the order in which they are listed to whoever mistypes one.
pub const TYPES: &[CacheType] = &[
    CacheType {
        name: REGISTRY,
        attributes: &[
            text(REFERENCE).required(),
            MODE,
            IGNORE_ERROR,
            attribute("registry.insecure", FLAG),
            attribute("image-manifest", FLAG).of_exports(),
            attribute("oci-mediatypes", FLAG).of_exports(),
            attribute("compression", CODECS).of_exports(),
            attribute("compression-level", AttributeForm::Count).of_exports(),
            attribute("force-compression", FLAG).of_exports(),
        ],
    },
    CacheType {
        name: S3,
        attributes: &[
            text("bucket").required(),
            text("region").required(),
            text("prefix"),
            text("manifests_prefix"),
            text("blobs_prefix"),
            text("name"),
            MODE,
            IGNORE_ERROR,
            text("endpoint_url"),
            attribute("use_path_style", FLAG),
            secret("access_key_id"),
            secret("secret_access_key"),
            secret("session_token"),
            text("touch_refresh").of_exports(),
            attribute("upload_parallelism", AttributeForm::Count).of_exports(),
            attribute("disable_accept_encoding", FLAG),
            attribute(
                "retry_mode",
                AttributeForm::Words(&["standard", "adaptive"]),
            ),
            attribute("retry_max_attempts", AttributeForm::Count),
        ],
    },
    CacheType {
        name: AZBLOB,
        attributes: &[
            text("account_url").required(),
            text("account_name"),
            text("container"),
            text("prefix"),
            text("manifests_prefix"),
            text("blobs_prefix"),
            text("name"),
            MODE,
            IGNORE_ERROR,
            secret("secret_access_key"),
        ],
    },
    CacheType {
        name: GHA,
        attributes: &[
            text("scope"),
            MODE,
            IGNORE_ERROR,
            text("timeout"),
            secret("token"),
            text("url"),
            text("url_v2"),
            attribute("version", AttributeForm::Words(&["1", "2"])),
            text("repository"),
            secret("ghtoken"),
        ],
    },
    CacheType {
        name: INLINE,
        attributes: &[],
    },
];

impl CacheType {
    /// The type of this name.
    #[must_use]
    pub fn of(name: &str) -> Option<&'static Self> {
        TYPES.iter().find(|of| of.name == name)
    }

    /// What one is told that is written, or read.
    pub fn attributes(self, is_export: bool) -> impl Iterator<Item = &'static Attribute> {
        let attributes = self.attributes.iter();
        attributes.filter(move |attribute| is_export || !attribute.is_of_exports)
    }

    /// Its attribute of this name.
    #[must_use]
    pub fn attribute(self, name: &str) -> Option<&'static Attribute> {
        self.attributes.iter().find(|of| of.name == name)
    }
}

/// The fields of a text. A reference alone gives the two that it stands for.
#[must_use]
pub fn fields(text: &str) -> Vec<Field<'_>> {
    if !text.contains(['=', ',']) {
        let reference = trimmed(text, 0..text.len());
        let field = |name: &str, value| Field {
            name: Some(name.to_owned()),
            value,
            range: reference.clone(),
            value_range: reference.clone(),
        };
        let named = field(REFERENCE, &text[reference.clone()]);
        return vec![field(TYPE, REGISTRY), named];
    }
    let mut start = 0;
    let mut found = Vec::new();
    for part in text.split(',') {
        let range = trimmed(text, start..start + part.len());
        start += part.len() + 1;
        let sign = text[range.clone()].find('=').map(|at| range.start + at);
        let name = sign.map(|sign| &text[trimmed(text, range.start..sign)]);
        let value_range = sign.map_or(range.clone(), |sign| trimmed(text, sign + 1..range.end));
        found.push(Field {
            name: name.map(str::to_ascii_lowercase),
            value: &text[value_range.clone()],
            range,
            value_range,
        });
    }
    found
}

/// A part of a text without the blanks at its ends.
fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let part = text[range.clone()].trim_start_matches(' ');
    let start = range.end - part.len();
    start..start + part.trim_end_matches(' ').len()
}

/// The cache that a sound text stands for; nothing if it has no type. Secrets stay where they are.
#[must_use]
pub fn read(text: &str) -> Option<LayerCache> {
    let mut attributes = BTreeMap::new();
    let mut kind = None;
    for field in fields(text) {
        let Some(name) = field.name else {
            continue;
        };
        if name == TYPE {
            kind = Some(field.value.to_owned());
            continue;
        }
        let value = if is_secret(&name) {
            LayerCacheValue::Inline
        } else {
            LayerCacheValue::Text(field.value.to_owned())
        };
        attributes.insert(name, value);
    }
    let attribute = |(key, value)| LayerCacheAttribute { key, value };
    Some(LayerCache {
        kind: kind?,
        attributes: attributes.into_iter().map(attribute).collect(),
    })
}

/// The secrets of a text, by their names.
#[must_use]
pub fn secrets(text: &str) -> BTreeMap<String, String> {
    let named = |field: Field<'_>| Some((field.name?, field.value.to_owned()));
    let named = fields(text).into_iter().filter_map(named);
    named.filter(|(name, _)| is_secret(name)).collect()
}

/// The names of attributes that are secrets.
pub fn secret_names() -> impl Iterator<Item = &'static str> {
    let attributes = TYPES.iter().flat_map(|of| of.attributes);
    let secrets = attributes.filter(|attribute| attribute.form == AttributeForm::Secret);
    secrets.map(|attribute| attribute.name)
}

/// Whether the value of an attribute is a secret.
#[must_use]
pub fn is_secret(name: &str) -> bool {
    secret_names().any(|secret| secret == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_as_people_write_it() {
        let pairs = |text: &str| {
            let cache = read(text)?;
            let pair = |of: LayerCacheAttribute| match of.value {
                LayerCacheValue::Text(value) => format!("{}={value}", of.key),
                LayerCacheValue::Inline => of.key,
            };
            let pairs: Vec<String> = cache.attributes.into_iter().map(pair).collect();
            Some(format!("{}: {}", cache.kind, pairs.join(" ")))
        };
        for (text, expected) in [
            (
                "type=registry,ref=registry.example/app:cache,mode=max",
                Some("registry: mode=max ref=registry.example/app:cache"),
            ),
            (
                " Type = s3 , Secret_Access_Key= a=b ,bucket=b",
                Some("s3: bucket=b secret_access_key"),
            ),
            (
                " registry.example/app ",
                Some("registry: ref=registry.example/app"),
            ),
            ("type=inline", Some("inline: ")),
            ("mode=max", None),
            (",", None),
        ] {
            assert_eq!(pairs(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn no_name_is_public_in_one_type_and_secret_in_another() {
        for attribute in TYPES.iter().flat_map(|of| of.attributes) {
            let is_public = attribute.form != AttributeForm::Secret;
            assert!(
                !(is_public && is_secret(attribute.name)),
                "{}",
                attribute.name
            );
        }
    }
}
