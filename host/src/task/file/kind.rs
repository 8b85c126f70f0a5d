//! What a file is, by the keys of its map.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An object, or a message that holds one; and whatever is nothing else.
    Object,
    /// A task of Concourse.
    Task,
    /// A pipeline of Concourse.
    Pipeline,
}

/// The keys that an object has and no file of Concourse.
const OF_OBJECTS: [&str; 3] = ["context", "output", "object"];
/// The keys that a task has and no object.
const OF_TASKS: [&str; 5] = ["platform", "run", "params", "image_resource", "rootfs_uri"];
/// The keys that a pipeline has and no task.
const OF_PIPELINES: [&str; 5] = [
    "jobs",
    "resources",
    "resource_types",
    "var_sources",
    "groups",
];

impl Kind {
    /// What a file in JSON is.
    #[must_use]
    pub fn of(json: &str) -> Self {
        entries(json).map_or(Self::Object, |entries| Self::of_keys(&entries))
    }

    /// What a file with these keys is.
    pub(super) fn of_keys(entries: &Entries<'_>) -> Self {
        let has = |keys: &[&str]| entries.0.iter().any(|(key, _)| keys.contains(&&**key));
        if has(&["platform"]) && has(&["run"]) {
            Self::Task
        } else if has(&OF_OBJECTS) {
            Self::Object
        } else if has(&OF_PIPELINES) {
            Self::Pipeline
        } else if has(&OF_TASKS) {
            Self::Task
        } else {
            Self::Object
        }
    }
}

/// The entries of a map, a name that is there twice included.
pub(super) struct Entries<'json>(pub(super) Vec<(String, &'json RawValue)>);

/// The entries of a map in JSON; nothing if it is none.
pub(super) fn entries(json: &str) -> Option<Entries<'_>> {
    serde_json::from_str(json).ok()
}

impl<'json> Deserialize<'json> for Entries<'json> {
    fn deserialize<D: Deserializer<'json>>(deserializer: D) -> Result<Self, D::Error> {
        struct Map;

        impl<'json> Visitor<'json> for Map {
            type Value = Entries<'json>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a map")
            }

            fn visit_map<A: MapAccess<'json>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(Map)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_is_what_its_keys_say() {
        for (kind, files) in [
            (
                Kind::Task,
                &[
                    r#"{"platform":"linux","run":{}}"#,
                    r#"{"run":{},"run":{}}"#,
                    r#"{"params":{"CONTEXT":"x"}}"#,
                    r#"{"image_resource":{}}"#,
                ][..],
            ),
            (
                Kind::Pipeline,
                &[r#"{"jobs":[]}"#, r#"{"resources":[],"jobs":1}"#],
            ),
            (
                Kind::Object,
                &[
                    "1",
                    "{}",
                    "{",
                    r#"{"context":".","params":1}"#,
                    r#"{"object":{},"run":1}"#,
                    r#"["linux","build"]"#,
                ],
            ),
        ] {
            for file in files {
                assert_eq!(Kind::of(file), kind, "{file}");
            }
        }
    }
}
