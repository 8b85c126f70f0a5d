//! What a tag makes of a value.
//!
//! Source: YAML 1.1, tag repository; what `go.yaml.in/yaml/v2` makes of a tag that is not among them: nothing.

use saphyr_parser::Tag;

use super::scalar::{Dialect, Plain};

/// The tags of YAML that lists and maps may have, and that say what is seen anyway.
const OF_COLLECTIONS: [&str; 5] = ["seq", "map", "set", "omap", "pairs"];

/// Those that scalars may have.
const OF_SCALARS: [&str; 8] = [
    "str",
    "timestamp",
    "merge",
    "null",
    "bool",
    "int",
    "float",
    "binary",
];

/// What a scalar with a tag is.
pub(super) enum Tagged<'y> {
    /// What it would be without, or by its tag.
    Value(Plain<'y>),
    /// Its text: nobody here knows the tag.
    Unknown,
    /// Nothing that could be read.
    Refused,
}

/// A scalar of any style with a tag.
pub(super) fn scalar<'y>(dialect: Dialect, tag: &Tag, text: &'y str) -> Tagged<'y> {
    let Some(name) = of_yaml(tag) else {
        return if shown(tag) == "!" {
            Tagged::Value(Plain::Text)
        } else {
            Tagged::Unknown
        };
    };
    let found = Plain::of(dialect, text);
    let is_it = match name {
        "str" | "timestamp" | "merge" => return Tagged::Value(Plain::Text),
        "null" => found == Plain::Null,
        "bool" => matches!(found, Plain::True | Plain::False),
        "int" => matches!(&found, Plain::Number(number) if !number.contains(['.', 'e'])),
        "float" => matches!(found, Plain::Number(_)),
        _ => false,
    };
    if is_it {
        Tagged::Value(found)
    } else {
        Tagged::Refused
    }
}

/// Whether a list or map may have a tag without a word about it.
pub(super) fn is_of_a_collection(tag: &Tag) -> bool {
    of_yaml(tag).is_some_and(|name| OF_COLLECTIONS.contains(&name)) || shown(tag) == "!"
}

/// Whether a tag as it is written is one of YAML's own, so that it is no secret.
pub(super) fn is_known(written: &[u8]) -> bool {
    let is = |name: &&str| written.strip_prefix(b"!!") == Some(name.as_bytes());
    written == b"!" || OF_SCALARS.iter().chain(&OF_COLLECTIONS).any(is)
}

/// A tag in words: what may be a secret whose quotes are missing is not shown.
pub(super) fn named(tag: &Tag) -> String {
    let written = shown(tag);
    if is_known(written.as_bytes()) {
        format!("tag `{written}`")
    } else {
        "tag".to_owned()
    }
}

/// The tag as it is written.
fn shown(tag: &Tag) -> String {
    tag.to_string().replace("tag:yaml.org,2002:!", "!!")
}

/// Its name among the tags of YAML itself.
fn of_yaml(tag: &Tag) -> Option<&str> {
    const YAML: &str = "tag:yaml.org,2002:";
    if tag.handle == YAML {
        Some(&tag.suffix)
    } else {
        tag.suffix.strip_prefix(YAML)
    }
}
