//! What is said of an object, in the language of whoever wrote it.
//!
//! The planner judges an object in JSON, and what it says to write is JSON. Whoever wrote YAML is told YAML here, and whoever set
//! a task's parameters is told those, by their names. The daemon's own configuration is TOML wherever it stands, and its settings
//! keep their names.
//!
//! Reads, writes: nothing. Unknown here: what the rules are. Source: `oci_image_schema::parameter`.

use oci_image_schema::code::Code;
use oci_image_schema::diagnostic::Diagnostic;
use oci_image_schema::parameter::{PARAMETERS, renamed};
use serde_json::{Map, Value};

/// The rules about what stands in `buildkit_extra_config`.
const OF_TOML: [Code; 5] = [
    Code::InvalidToml,
    Code::ConflictingConfig,
    Code::IneffectiveConfig,
    Code::SettingType,
    Code::UnknownConfig,
];

/// The language in which somebody wrote an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Idiom {
    /// That of the planner.
    Json,
    /// YAML.
    Yaml,
    /// The parameters of a task, by their names.
    Parameters,
}

impl Idiom {
    /// What is said of an object, in this language.
    #[must_use]
    pub fn of(self, said: Diagnostic) -> Diagnostic {
        match self {
            Self::Json => said,
            Self::Yaml => Diagnostic {
                help: said.help.as_deref().map(in_yaml),
                ..said
            },
            Self::Parameters => of_parameters(said),
        }
    }
}

fn of_parameters(said: Diagnostic) -> Diagnostic {
    // Only of a flag: whatever else a variable holds is text, as it should be.
    if said.code == Code::WrongType.name() {
        return Diagnostic {
            message: "expected yes or no, and this is neither".to_owned(),
            help: Some("write `true` or `false`".to_owned()),
            ..said
        };
    }
    let code = &*said.code;
    Diagnostic {
        message: message_of_parameters(code, &said.message),
        help: (said.help.as_deref()).map(|help| help_of_parameters(code, help)),
        ..said
    }
}

/// What is said of an object, to whoever wrote it in YAML.
///
/// ```
/// let help = oci_image_forms::idiom::in_yaml(r#"add `"context": "."`"#);
/// assert_eq!(help, "add `context: .`");
/// ```
#[must_use]
pub fn in_yaml(text: &str) -> String {
    rewritten(text, |fragment| match fragment {
        Fragment::Entry(key, value) => format!("{}: {}", scalar(&key), yaml(&value)),
        Fragment::Map(map) => yaml(&Value::Object(map)),
    })
}

/// The message of the rule `code`, to whoever set a task's parameters. What it quotes stays as it was written.
#[must_use]
pub fn message_of_parameters(code: &str, message: &str) -> String {
    of_toml(code, message).unwrap_or_else(|| renamed(message))
}

/// The help of the rule `code`, to whoever set a task's parameters: it says what to write, and quotes nobody.
#[must_use]
pub fn help_of_parameters(code: &str, help: &str) -> String {
    if let Some(help) = of_toml(code, help) {
        return help;
    }
    let help = rewritten(help, |fragment| match fragment {
        // A task says it in its own form.
        Fragment::Entry(key, _) if key == "cache" => "caches: [{path: cache}]".to_owned(),
        Fragment::Entry(key, value) => {
            let parameter = PARAMETERS.iter().find(|parameter| parameter.key == key);
            match parameter {
                Some(parameter) => format!("{}: {}", parameter.name, of_parameter(&value)),
                // Of a registry, which no parameter describes.
                None => format!("{key} = {value}"),
            }
        }
        // Of a secret: no parameter is a map.
        Fragment::Map(_) => "`BUILDKIT_SECRETTEXT_...`".to_owned(),
    });
    renamed(&help)
}

/// What is said of the daemon's configuration, if the rule is about that.
fn of_toml(code: &str, text: &str) -> Option<String> {
    let is_of_toml = OF_TOML.iter().any(|rule| rule.name() == code);
    is_of_toml.then(|| {
        text.replace("`buildkit_extra_config`", "`BUILDKIT_EXTRA_CONFIG`")
            .replace("a key of the object", "another parameter")
    })
}

/// JSON within a sentence.
enum Fragment {
    /// `"key": value`.
    Entry(String, Value),
    Map(Map<String, Value>),
}

/// A sentence with each piece of JSON in it written anew.
fn rewritten(text: &str, write: impl Fn(Fragment) -> String) -> String {
    let mut written = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['"', '{']) {
        written.push_str(&rest[..at]);
        rest = &rest[at..];
        match fragment(rest) {
            Some((fragment, length)) => {
                written.push_str(&write(fragment));
                rest = &rest[length..];
            }
            None => {
                written.push_str(&rest[..1]);
                rest = &rest[1..];
            }
        }
    }
    written + rest
}

/// The JSON at the beginning of a text, and its length.
fn fragment(text: &str) -> Option<(Fragment, usize)> {
    match value(text)? {
        (Value::Object(map), length) if !map.is_empty() => Some((Fragment::Map(map), length)),
        (Value::String(key), length) => {
            let rest = text[length..].strip_prefix(": ")?;
            let (value, more) = value(rest)?;
            Some((Fragment::Entry(key, value), text.len() - rest.len() + more))
        }
        _ => None,
    }
}

/// The value at the beginning of a text, and its length.
fn value(text: &str) -> Option<(Value, usize)> {
    let is_of_word = |sign: char| sign.is_ascii_alphanumeric() || "+-.".contains(sign);
    // A number or a word ends where its signs do, whatever the sentence goes on with.
    let end = match text.find(|sign| !is_of_word(sign)) {
        Some(0) | None => text.len(),
        Some(end) => end,
    };
    let mut values = serde_json::Deserializer::from_str(&text[..end]).into_iter();
    let value = values.next()?.ok()?;
    Some((value, values.byte_offset()))
}

/// A value in YAML, on one line.
fn yaml(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text),
        Value::Array(list) => {
            let items: Vec<String> = list.iter().map(yaml).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(map) => {
            let entry =
                |(key, value): (&String, &Value)| format!("{}: {}", scalar(key), yaml(value));
            let entries: Vec<String> = map.iter().map(entry).collect();
            format!("{{{}}}", entries.join(", "))
        }
        other => other.to_string(),
    }
}

/// A value as a parameter: the elements of a list have commas between.
fn of_parameter(value: &Value) -> String {
    match value {
        Value::Array(list) => {
            let items: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
            scalar(&items.join(","))
        }
        other => yaml(other),
    }
}

/// A text in YAML: in quotes unless it is a word, or the working directory.
fn scalar(text: &str) -> String {
    let is_word = |sign: char| sign.is_ascii_alphanumeric() || "_./-".contains(sign);
    let begins = text.starts_with(|sign: char| sign.is_ascii_alphabetic());
    if text == "." || begins && text.chars().all(is_word) {
        text.to_owned()
    } else {
        Value::from(text).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_in_a_sentence_becomes_yaml() {
        for (said, expected) in [
            (
                r#"write {"output": "image", "context": "."}"#,
                "write {context: ., output: image}",
            ),
            (
                r#"add `"key": "path"`, as it is"#,
                "add `key: path`, as it is",
            ),
            (
                r#"write {"text": "..."}, or a path"#,
                r#"write {text: "..."}, or a path"#,
            ),
            (
                r#"write it like "48h" or `{`, `"a"`"#,
                r#"write it like "48h" or `{`, `"a"`"#,
            ),
            (
                r#"put it in a list: ["..."]"#,
                r#"put it in a list: ["..."]"#,
            ),
            (r#"and `"http": true` for it"#, "and `http: true` for it"),
        ] {
            assert_eq!(in_yaml(said), expected);
        }
    }

    #[test]
    fn keys_become_parameters_and_settings_of_the_daemon_stay() {
        let said = |code: Code, text: &str| help_of_parameters(code.name(), text);

        assert_eq!(
            said(
                Code::BadRegistry,
                r#"write `a`, and `"http": true` for it in `registries`"#
            ),
            "write `a`, and `http = true` for it in `BUILDKIT_EXTRA_CONFIG`"
        );
        assert_eq!(
            said(Code::MissingKey, r#"add `"target": "app"`"#),
            "add `TARGET: app`"
        );
        assert_eq!(
            said(
                Code::BadCacheMountsLimit,
                r#"write `"cache_mounts": ["none"]`, or `"labels": ["a=b", "c=d"]`"#
            ),
            r#"write `CACHE_MOUNTS: none`, or `LABELS: "a=b,c=d"`"#
        );
        assert_eq!(
            said(
                Code::IneffectiveCacheMounts,
                r#"add `"cache": true`, or remove `cache_mounts`"#
            ),
            "add `caches: [{path: cache}]`, or remove `CACHE_MOUNTS`"
        );
        assert_eq!(
            said(Code::MissingPath, r#"the text itself as {"text": "..."}"#),
            "the text itself as `BUILDKIT_SECRETTEXT_...`"
        );
        assert_eq!(
            said(
                Code::ConflictingConfig,
                "`debug` is set to another value by a key of the object"
            ),
            "`debug` is set to another value by another parameter"
        );
        assert_eq!(
            said(
                Code::UnknownConfig,
                "`debug`, `registries`, `buildkit_extra_config`"
            ),
            "`debug`, `registries`, `BUILDKIT_EXTRA_CONFIG`"
        );
    }

    #[test]
    fn what_a_message_quotes_is_not_rewritten() {
        let code = Code::MissingEquals.name();

        let message =
            message_of_parameters(code, r#"`{"A": "b"}` of `build_args_file` has no `=`"#);

        assert_eq!(message, r#"`{"A": "b"}` of `BUILD_ARGS_FILE` has no `=`"#);
    }
}
