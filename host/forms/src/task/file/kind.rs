//! What a file is, by the keys of its map.

use std::fmt;

use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::inline_secrets::Reading;

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
        // A file may have millions of keys: those alone are kept that tell what it is.
        let mut telling = Vec::new();
        let is_map = each_entry(json, |key, _| {
            let mut known = OF_OBJECTS.iter().chain(&OF_TASKS).chain(&OF_PIPELINES);
            if known.any(|known| *known == key) && !telling.contains(&key) {
                telling.push(key);
            }
        });
        is_map.map_or(Self::Object, |()| Self::of_keys(&telling.iter()))
    }

    /// What a file in JSON is that was read before.
    #[must_use]
    pub fn read(reading: &Reading<'_>) -> Self {
        match reading.outline.entries() {
            Some(entries) => {
                let keys = entries.into_iter().map(|(key, _)| key.to_owned());
                let keys: Vec<String> = keys.collect();
                Self::of_keys(&keys.iter())
            }
            None => Self::of(reading.text()),
        }
    }

    /// What a file with these keys is.
    pub(super) fn of_keys<'k>(keys: &(impl Iterator<Item = &'k String> + Clone)) -> Self {
        let has = |of: &[&str]| keys.clone().any(|key| of.contains(&&**key));
        if has(&["platform"]) && has(&["run"]) {
            Self::Task
        } else if has(&["jobs"]) && !(has(&["context"]) && has(&["output"])) {
            Self::Pipeline // whatever else it has for aliases
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
pub(super) type Entries<'json> = Vec<(String, &'json RawValue)>;

/// The entries of a map in JSON; nothing if it is none.
pub(super) fn entries(json: &str) -> Option<Entries<'_>> {
    let mut entries = Vec::new();
    each_entry(json, |key, value| entries.push((key, value)))?;
    Some(entries)
}

/// Hands out the entries of a map in JSON as they come; nothing if it is none.
fn each_entry<'json>(json: &'json str, take: impl FnMut(String, &'json RawValue)) -> Option<()> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    deserializer.deserialize_map(Each(take)).ok()?;
    deserializer.end().ok()
}

struct Each<F>(F);

impl<'json, F: FnMut(String, &'json RawValue)> Visitor<'json> for Each<F> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a map")
    }

    fn visit_map<A: MapAccess<'json>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some((key, value)) = map.next_entry()? {
            (self.0)(key, value);
        }
        Ok(())
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
                &[
                    r#"{"jobs":[]}"#,
                    r#"{"resources":[],"jobs":1}"#,
                    r#"{"output":{},"params":{},"jobs":1}"#,
                ],
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
