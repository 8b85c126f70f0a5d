//! The sound part of an object: each key that is as it should be, whatever the others are.
//!
//! Reads and writes: nothing. Unknown here: what a key means.

use std::borrow::Cow;
use std::path::PathBuf;

use oci_image_schema::object::{Object, Registry};
use serde_json::{Map, Value};

use super::MAX_OBJECT;
use super::path::normal;
use oci_image_forms::inline_secrets::MaskedObject;

/// How many elements a list or map can have that names anything: the planner refuses more.
const MOST_ELEMENTS: usize = 10_000;

/// What an object says, and the certificates that it names. One that is sound, as nearly all are, is not read again.
pub(super) fn read(object: &MaskedObject) -> (Cow<'_, Object>, Vec<PathBuf>) {
    if let Ok(sound) = object.read() {
        return (Cow::Borrowed(sound), sound_certificates(sound));
    }
    let keys = keys(object.text());
    let certificates = certificates(&keys);
    (Cow::Owned(sound_part(keys)), certificates)
}

/// The same of the registries of an object that is sound.
fn sound_certificates(object: &Object) -> Vec<PathBuf> {
    let of_registry = |registry: &Registry| -> Vec<PathBuf> {
        let pairs = registry.keypair.iter();
        let pairs = pairs.flat_map(|pair| [&pair.key, &pair.cert]);
        let files = registry.ca.iter().chain(&registry.tlsconfigdir);
        files.chain(pairs).map(|path| normal(path)).collect()
    };
    object.registries.values().flat_map(of_registry).collect()
}

/// The keys of an object's text; none if it is no object.
fn keys(text: &str) -> Map<String, Value> {
    // The planner is not asked about a longer one.
    let text = if text.len() > MAX_OBJECT { "" } else { text };
    match serde_json::from_str(text) {
        Ok(Value::Object(given)) => given,
        _ => Map::new(),
    }
}

/// An object of those keys, elements and entries that are of the right type.
fn sound_part(given: Map<String, Value>) -> Object {
    let mut kept = required();
    for (key, value) in given {
        if is_sound(&key, value.clone()) {
            kept.insert(key, value);
            continue;
        }
        let value = match value {
            Value::Array(elements) if elements.len() <= MOST_ELEMENTS => Value::Array(
                elements
                    .into_iter()
                    .filter(|element| is_sound(&key, Value::Array(vec![element.clone()])))
                    .collect(),
            ),
            Value::Object(entries) if entries.len() <= MOST_ELEMENTS => Value::Object(
                entries
                    .into_iter()
                    .filter(|(name, value)| {
                        let only = Map::from_iter([(name.clone(), value.clone())]);
                        is_sound(&key, Value::Object(only))
                    })
                    .collect(),
            ),
            _ => continue,
        };
        if is_sound(&key, value.clone()) {
            kept.insert(key, value);
        }
    }
    serde_json::from_value(Value::Object(kept)).expect("each key was found sound by itself")
}

fn is_sound(key: &str, value: Value) -> bool {
    let mut object = required();
    object.insert(key.to_owned(), value);
    serde_json::from_value::<Object>(Value::Object(object)).is_ok()
}

/// What an object cannot do without.
fn required() -> Map<String, Value> {
    let empty = |key: &str| (key.to_owned(), Value::String(String::new()));
    Map::from_iter([empty("context"), empty("output")])
}

/// The files and directories of the registries. Of what was given, not of its sound part: beside a wrong key of a registry, or
/// of a key pair, the planner asks for the others.
fn certificates(given: &Map<String, Value>) -> Vec<PathBuf> {
    let registries = given.get("registries").and_then(Value::as_object);
    let mut paths = Vec::new();
    for registry in registries.into_iter().flat_map(Map::values) {
        for key in ["ca", "tlsconfigdir"] {
            paths.extend(elements(registry, key));
        }
        for pair in elements(registry, "keypair") {
            paths.extend([pair.get("key"), pair.get("cert")].into_iter().flatten());
        }
    }
    paths
        .into_iter()
        .filter_map(Value::as_str)
        .map(normal)
        .collect()
}

fn elements<'value>(map: &'value Value, key: &str) -> impl Iterator<Item = &'value Value> {
    let list = map.get(key).and_then(Value::as_array);
    list.into_iter().flatten()
}
