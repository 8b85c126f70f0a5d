//! The paths that an object names, and those that the contract fixes: all that the host answers for.
//!
//! An object is asked about before it is known to be sound, because its files are judged together with it; so a key that is
//! not as it should be names nothing, and the others still name what they name.
//!
//! A path is either named, and leads wherever it leads, or it is what might stand in a directory that is: then nothing in that directory
//! leads out of it.
//!
//! Paths are compared without what means nothing: `./`, doubled and trailing slashes. `..` is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use oci_image_schema::object::{Object, Secret};
use serde_json::{Map, Value};

use super::MAX_OBJECT;

/// Directories that the contract fixes, and what is asked of one of them.
const FIXED: [&str; 2] = ["image", "cache"];
const CACHE_INDEX: (&str, &str) = ("cache", "index.json");

/// What is asked of a directory that should be an image, and of one that holds an image that is not there.
const OF_AN_IMAGE: [&str; 5] = [
    "oci-layout",
    "manifest.json",
    "image.tar",
    "image/oci-layout",
    "rootfs",
];
/// Those of them that make a directory an image.
const IMAGE_MARKERS: [&str; 2] = ["oci-layout", "manifest.json"];

/// A Dockerfile, and what it may be called besides.
const DOCKERFILE: &str = "Dockerfile";
const LOWER_CASE: &str = "dockerfile";

/// What the planner may ask about.
pub(super) struct NamedPaths {
    secrets: BTreeSet<PathBuf>,
    texts: BTreeSet<PathBuf>,
    agents: BTreeSet<PathBuf>,
    places: BTreeSet<PathBuf>,
    contents: BTreeMap<PathBuf, Content>,
}

/// What might stand in a directory that is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Content {
    /// The directory, as it is named.
    pub(super) directory: PathBuf,
    /// Where in it.
    pub(super) path: PathBuf,
}

impl NamedPaths {
    /// The paths of an object's text.
    pub(super) fn of(object: &str) -> Self {
        let (object, certificates) = read(object);
        let texts: BTreeSet<_> = [
            &object.build_args_file,
            &object.labels_file,
            &object.target_file,
        ]
        .into_iter()
        .filter_map(given)
        .map(normal)
        .collect();
        let secrets: BTreeSet<_> = secret_files(&object).map(normal).collect();
        let mut places: BTreeSet<_> = FIXED.into_iter().map(normal).collect();
        places.insert(normal(&object.context));
        places.extend(given(&object.dockerfile).map(normal));
        places.extend(object.additional_targets.iter().filter_map(|t| single(t)));
        places.extend(image_archives(&object).map(normal));
        let agents: BTreeSet<_> = ssh_paths(&object).map(normal).collect();
        places.extend(certificates);
        places.extend(texts.iter().chain(&secrets).chain(&agents).cloned());
        Self {
            // A file that is named as a secret stays one, whatever else it is named as.
            texts: texts.difference(&secrets).cloned().collect(),
            agents,
            places,
            contents: contents(&object),
            secrets,
        }
    }

    /// Whether the planner may have the text at a path.
    pub(super) fn holds_text(&self, path: &str) -> bool {
        self.texts.contains(&normal(path))
    }

    /// Whether a path is that of a secret.
    pub(super) fn holds_secret(&self, path: &str) -> bool {
        self.secrets.contains(&normal(path))
    }

    /// Whether a path may be that of an agent's socket.
    pub(super) fn holds_agent(&self, path: &str) -> bool {
        self.agents.contains(&normal(path))
    }

    /// Whether the planner may know what stands at a path.
    pub(super) fn holds_place(&self, path: &str) -> bool {
        let path = normal(path);
        self.places.contains(&path) || self.contents.contains_key(&path)
    }

    /// What a path is that is not named itself: content of a directory that is.
    pub(super) fn content(&self, path: &str) -> Option<&Content> {
        let path = normal(path);
        let is_named = self.places.contains(&path);
        self.contents.get(&path).filter(|_| !is_named)
    }
}

/// A key's text; one given empty counts as left out.
pub(super) fn given(key: &Option<String>) -> Option<&str> {
    key.as_deref().filter(|text| !text.is_empty())
}

/// A path without `./`, doubled and trailing slashes; `.` if nothing is left.
pub(super) fn normal(path: &str) -> PathBuf {
    let normal: PathBuf = Path::new(path)
        .components()
        .filter(|component| *component != Component::CurDir)
        .collect();
    if normal.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        normal
    }
}

/// A name that is one path component: not `..`, not `a/b`, not absolute.
pub(super) fn single(name: &str) -> Option<PathBuf> {
    let mut components = Path::new(name).components();
    match (components.next(), components.next()) {
        (Some(Component::Normal(only)), None) if only == name => Some(PathBuf::from(name)),
        _ => None,
    }
}

/// What is asked of the directories that the object names.
fn contents(object: &Object) -> BTreeMap<PathBuf, Content> {
    let mut contents = BTreeMap::new();
    let mut ask = |directory: &str, path: &str| {
        let content = Content {
            directory: normal(directory),
            path: normal(path.trim_start_matches('/')),
        };
        contents.insert(normal(&format!("{directory}/{path}")), content);
    };
    ask(CACHE_INDEX.0, CACHE_INDEX.1);
    match given(&object.dockerfile) {
        Some(dockerfile) => {
            // Only for a hint: many take the path to be relative to the context.
            ask(&object.context, dockerfile);
            ask(parent(dockerfile), LOWER_CASE);
        }
        None => [DOCKERFILE, LOWER_CASE]
            .iter()
            .for_each(|name| ask(&object.context, name)),
    }
    for path in object.context_inputs.values() {
        ask(&object.context, path);
    }
    for image in image_archives(object) {
        OF_AN_IMAGE.iter().for_each(|name| ask(image, name));
        let beside = OF_AN_IMAGE
            .iter()
            .filter(|name| !IMAGE_MARKERS.contains(name));
        beside.for_each(|name| ask(parent(image), name));
    }
    contents
}

/// The directory that a path is in.
fn parent(path: &str) -> &str {
    let parent = Path::new(path).parent().and_then(Path::to_str);
    parent.filter(|parent| !parent.is_empty()).unwrap_or(".")
}

fn secret_files(object: &Object) -> impl Iterator<Item = &str> {
    object
        .buildkit_secrets
        .values()
        .filter_map(|secret| match secret {
            Secret::File(path) => Some(path.as_str()),
            Secret::Inline(_) => None,
        })
}

/// The paths in `ARG=path`.
fn image_archives(object: &Object) -> impl Iterator<Item = &str> {
    object
        .image_args
        .iter()
        .filter_map(|pair| pair.split_once('='))
        .map(|(_, path)| path)
}

/// The paths in `id=path,path`.
fn ssh_paths(object: &Object) -> impl Iterator<Item = &str> {
    object
        .buildkit_ssh
        .iter()
        .filter_map(|ssh| ssh.split_once('='))
        .flat_map(|(_, paths)| paths.split(','))
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

/// How many elements a list or map can have that names anything: the planner refuses more.
const MOST_ELEMENTS: usize = 10_000;

/// What an object says, and the certificates that it names. One that is sound, as nearly all are, is read in one go.
fn read(text: &str) -> (Object, Vec<PathBuf>) {
    let sound = (text.len() <= MAX_OBJECT)
        .then(|| serde_json::from_str::<Object>(text).ok())
        .flatten();
    match sound {
        Some(object) if object.registries.is_empty() => (object, Vec::new()),
        _ => {
            let keys = keys(text);
            let certificates = certificates(&keys);
            (sound_part(keys), certificates)
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    const OBJECT: &str = r#"{
        "context": "./app/",
        "output": "image",
        "dockerfile": "ci//Dockerfile",
        "context_inputs": {"dep": "vendor/dep"},
        "additional_targets": ["test", "../escape"],
        "build_args_file": "args.yml",
        "labels_file": "secret.txt",
        "buildkit_secrets": {"file": "secret.txt", "text": {"text": "hidden"}},
        "buildkit_ssh": "default=keys/one,/keys/two",
        "image_args": ["BASE=base/image.tar", "no path", 7],
        "registries": {"a.example": {"ca": ["ca.pem"], "keypair": [{"key": "key.pem", "cert": "cert.pem"}]}},
        "unknown": "unknown"
    }"#;

    #[test]
    fn object_names_what_its_keys_name_and_what_the_contract_fixes() {
        let named = NamedPaths::of(OBJECT);

        for path in [
            "app",
            "./app",
            "app/",
            "ci/Dockerfile",
            "app/ci/Dockerfile",
            "app/vendor/dep",
            "test",
            "image",
            "cache",
            "cache/index.json",
            "args.yml",
            "secret.txt",
            "keys/one",
            "/keys/two",
            "base/image.tar",
            "ca.pem",
            "key.pem",
            "cert.pem",
        ] {
            assert!(named.holds_place(path), "{path}");
        }
        for path in [
            "",
            ".",
            "..",
            "../escape",
            "hidden",
            "unknown",
            "app/Dockerfile",
            "app/../app",
            "/app",
            "no path",
            "text",
        ] {
            assert!(!named.holds_place(path), "{path}");
        }
    }

    #[test]
    fn what_is_not_named_is_content_of_a_directory_that_is() {
        let named = NamedPaths::of(
            r#"{"context": "./app/", "output": "image", "context_inputs": {"dep": "vendor//dep"},
                "image_args": ["BASE=base", "OTHER=base/image.tar", "LAST=other.tar"]}"#,
        );

        for (path, directory, within) in [
            ("app/Dockerfile", "app", "Dockerfile"),
            ("app/dockerfile", "app", "dockerfile"),
            ("app/vendor/dep", "app", "vendor/dep"),
            ("cache/index.json", "cache", "index.json"),
            ("base/oci-layout", "base", "oci-layout"),
            ("./base//rootfs", "base", "rootfs"),
            ("image.tar", ".", "image.tar"),
        ] {
            let content = Content {
                directory: directory.into(),
                path: within.into(),
            };
            assert_eq!(named.content(path), Some(&content), "{path}");
        }
        // Named as well, and that counts.
        for path in ["app", "image", "base", "base/image.tar", "app/other"] {
            assert_eq!(named.content(path), None, "{path}");
        }
    }

    #[test]
    fn only_files_of_arguments_labels_and_targets_have_a_text_and_never_a_secret() {
        let named = NamedPaths::of(OBJECT);

        assert!(named.holds_text("args.yml"));
        for path in ["secret.txt", "ci/Dockerfile", "ca.pem", "key.pem", "app"] {
            assert!(!named.holds_text(path), "{path}");
        }
    }

    #[test]
    fn optional_key_given_empty_counts_as_left_out() {
        let named = NamedPaths::of(r#"{"context": "app", "dockerfile": "", "labels_file": ""}"#);

        assert!(named.holds_place("app/Dockerfile"));
        assert!(!named.holds_text("."));
    }

    #[test]
    fn text_that_is_no_object_names_what_the_contract_fixes() {
        for text in ["", "{", "[]", "7", &"[".repeat(10_000)] {
            let named = NamedPaths::of(text);

            assert!(named.holds_place("image"), "{text}");
            assert!(!named.holds_place("app"), "{text}");
        }
    }

    #[test]
    fn wrong_key_takes_none_of_the_others_away() {
        let named = NamedPaths::of(
            r#"{"context": 1, "target_file": "target", "labels_file": [], "cache": "yes"}"#,
        );

        assert!(named.holds_text("target"));
    }

    #[test]
    fn wrong_key_of_a_registry_takes_none_of_its_certificates_away() {
        let named = NamedPaths::of(
            r#"{"registries": {"a.example": {
                "mirror": [], "ca": ["ca.pem", 7], "keypair": [{"key": "key.pem", "ca": 1}, "pair", {"cert": "cert.pem"}]
            }}}"#,
        );

        for path in ["ca.pem", "key.pem", "cert.pem"] {
            assert!(named.holds_place(path), "{path}");
        }
        assert!(!named.holds_place("pair"));
    }
}
