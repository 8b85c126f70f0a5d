//! What the JSON Schemas say of the parts of a document: which keys there are, what each means, and which values it takes.
//!
//! They are walked, and judge nothing: the planner does.
//!
//! Source: JSON Schema, draft 7, as far as `oci_image_schema` uses it.

use std::sync::LazyLock;

use oci_image_schema::{JSON_SCHEMA, MESSAGE_JSON_SCHEMA, TASK_JSON_SCHEMA};
use serde_json::Value;

use super::tree::WayStep;

/// How many references lead to others.
const DEEPEST: usize = 8;

static OBJECT: LazyLock<Value> = LazyLock::new(|| read(JSON_SCHEMA));
static MESSAGE: LazyLock<Value> = LazyLock::new(|| read(MESSAGE_JSON_SCHEMA));
static TASK: LazyLock<Value> = LazyLock::new(|| read(TASK_JSON_SCHEMA));

/// What a document is, or a part of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Topic {
    /// An object.
    Object,
    /// A message with an object.
    Message,
    /// A task that builds an image.
    Task,
}

/// What is said of a part.
pub(super) struct Description {
    root: &'static Value,
    /// The schemas that it has to fulfil, or may.
    schemas: Vec<&'static Value>,
}

/// A key of a map.
pub(super) struct DescribedKey {
    pub(super) name: &'static str,
    schema: &'static Value,
}

impl Description {
    /// That of what a way leads to.
    pub(super) fn of(topic: Topic, way: &[WayStep]) -> Self {
        let root: &'static Value = match topic {
            Topic::Object => &OBJECT,
            Topic::Message => &MESSAGE,
            Topic::Task => &TASK,
        };
        let whole = Self {
            root,
            schemas: vec![root],
        };
        way.iter()
            .fold(whole, |description, step| description.step(step))
    }

    fn step(&self, step: &WayStep) -> Self {
        let mut schemas = Vec::new();
        for schema in self.all() {
            match step {
                WayStep::Key(name) => schemas.extend(value_of(schema, name)),
                WayStep::Item(_) => {
                    schemas.extend(schema.get("items").filter(|one| one.is_object()));
                }
            }
        }
        Self {
            root: self.root,
            schemas,
        }
    }

    /// All schemas, those included to which they refer.
    fn all(&self) -> Vec<&'static Value> {
        let mut all = Vec::new();
        let mut open: Vec<(&'static Value, usize)> = self
            .schemas
            .iter()
            .rev()
            .map(|schema| (*schema, 0))
            .collect();
        while let Some((schema, depth)) = open.pop() {
            all.push(schema);
            if depth == DEEPEST {
                continue;
            }
            let referred = schema.get("$ref").and_then(Value::as_str);
            let referred = referred.and_then(|path| self.root.pointer(path.strip_prefix('#')?));
            let others = ["allOf", "anyOf", "oneOf"].into_iter();
            let others = others
                .filter_map(|key| schema.get(key)?.as_array())
                .flatten();
            open.extend(
                referred
                    .into_iter()
                    .chain(others)
                    .map(|other| (other, depth + 1)),
            );
        }
        all
    }

    /// What it means, in a sentence or a few.
    pub(super) fn text(&self, reads_markdown: bool) -> Option<&'static str> {
        self.all()
            .into_iter()
            .find_map(|schema| text_of(schema, reads_markdown))
    }

    /// The keys that it has, if it is a map of which these are known.
    pub(super) fn keys(&self) -> Vec<DescribedKey> {
        let mut keys: Vec<DescribedKey> = Vec::new();
        for schema in self.all() {
            let properties = schema.get("properties").and_then(Value::as_object);
            for (name, schema) in properties.into_iter().flatten() {
                // A condition on a key describes nothing.
                let is_described = text_of(schema, false).is_some();
                if is_described && !keys.iter().any(|key| key.name == name) {
                    keys.push(DescribedKey { name, schema });
                }
            }
        }
        keys
    }

    /// The words that it may be, if they are few.
    pub(super) fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        for schema in self.all() {
            let list = |key| schema.get(key).and_then(Value::as_array);
            let default = schema.get("default");
            let is_flag = default.is_some_and(Value::is_boolean);
            // Where what is taken if nothing is said is an example, the examples are all there is.
            let are_all =
                |examples: &&Vec<Value>| default.is_some_and(|one| examples.contains(one));
            let values = list("enum").or_else(|| list("examples").filter(are_all));
            let texts = values.into_iter().flatten().filter_map(Value::as_str);
            words.extend(texts.filter(|text| !text.is_empty()).map(str::to_owned));
            if is_flag {
                words.extend(["true".to_owned(), "false".to_owned()]);
            }
        }
        words.sort();
        words.dedup();
        words
    }
}

impl DescribedKey {
    /// What it means.
    pub(super) fn text(&self, reads_markdown: bool) -> Option<&'static str> {
        text_of(self.schema, reads_markdown)
    }

    /// What it is called.
    pub(super) fn title(&self) -> Option<&'static str> {
        self.schema.get("title").and_then(Value::as_str)
    }
}

fn text_of(schema: &'static Value, reads_markdown: bool) -> Option<&'static str> {
    let markdown = schema.get("markdownDescription").filter(|_| reads_markdown);
    markdown.or_else(|| schema.get("description"))?.as_str()
}

/// What is said of the value of a key: by its name, by what that begins with, or whatever it is.
fn value_of(schema: &'static Value, name: &str) -> Option<&'static Value> {
    let by_name = schema
        .get("properties")
        .and_then(|properties| properties.get(name));
    let patterns = schema.get("patternProperties").and_then(Value::as_object);
    let by_prefix = || {
        let mut patterns = patterns.into_iter().flatten();
        patterns.find(|(pattern, schema)| {
            text_of(schema, false).is_some() && name.starts_with(prefix(pattern))
        })
    };
    let by_name = by_name.or_else(|| by_prefix().map(|(_, schema)| schema));
    by_name.or_else(|| {
        schema
            .get("additionalProperties")
            .filter(|one| one.is_object())
    })
}

/// With what a name begins that fits a pattern.
fn prefix(pattern: &str) -> &str {
    let pattern = pattern.trim_start_matches('^');
    let end = pattern.find(|sign: char| !(sign.is_ascii_alphanumeric() || sign == '_'));
    &pattern[..end.unwrap_or(pattern.len())]
}

fn read(schema: &str) -> Value {
    serde_json::from_str(schema).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(names: &[&str]) -> Vec<WayStep> {
        let step = |name: &&str| match name.parse() {
            Ok(number) => WayStep::Item(number),
            Err(_) => WayStep::Key((*name).to_owned()),
        };
        names.iter().map(step).collect()
    }

    #[test]
    fn parts_are_described_wherever_they_stand() {
        for (topic, names, begin) in [
            (
                Topic::Object,
                &["context"][..],
                "Directory of the build context",
            ),
            (Topic::Message, &["object", "target"], "Stage to build"),
            (Topic::Object, &["registries", "a.example", "ca"], ""),
            (Topic::Object, &["buildkit_secrets", "a", "text"], ""),
            (Topic::Task, &["params", "TARGET"], "Stage to build"),
            (
                Topic::Task,
                &["params", "BUILD_ARG_x"],
                "The build argument",
            ),
            (
                Topic::Task,
                &["params", "BUILDKIT_SECRETTEXT_x"],
                "The secret of the id",
            ),
            (Topic::Task, &["inputs", "0", "name"], ""),
        ] {
            let description = Description::of(topic, &way(names));
            let text = description
                .text(false)
                .unwrap_or_else(|| panic!("{names:?}"));
            assert!(text.starts_with(begin), "{names:?}: {text}");
        }
        let unknown = Description::of(Topic::Task, &way(&["params", "PATH"]));
        assert!(unknown.text(true).is_none() && unknown.keys().is_empty());
    }

    #[test]
    fn keys_and_words_are_those_of_the_part() {
        let names = |topic, names: &[&str]| {
            let keys = Description::of(topic, &way(names)).keys();
            keys.iter().map(|key| key.name).collect::<Vec<_>>()
        };
        assert!(names(Topic::Object, &[]).contains(&"additional_targets"));
        assert!(names(Topic::Task, &["params"]).contains(&"IMAGE_PLATFORM"));
        assert_eq!(names(Topic::Task, &["caches", "0"]), ["path"]);
        let words = |topic, names: &[&str]| Description::of(topic, &way(names)).words();
        assert_eq!(words(Topic::Object, &["compression"]), ["gzip", "zstd"]);
        assert_eq!(words(Topic::Object, &["cache"]), ["false", "true"]);
        assert_eq!(words(Topic::Task, &["params", "TARGET"]), [""; 0]);
    }
}
