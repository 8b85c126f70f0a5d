//! What is generated: sound schemas, as the types say, with a text for each hover, and of one mind with the planner about each request.

use std::fs;
use std::process::Command;

use oci_image_schema::code::Code;
use oci_image_schema::compression::ZSTD;
use oci_image_schema::json_schema;
use oci_image_schema::key::KEYS;
use oci_image_tests::engine::{checkout, program};
use serde_json::{Value, json};

use super::agreement;
use super::validator::{built, validator};

#[test]
fn schemas_are_what_the_types_say() {
    for (name, generated) in [
        ("oci-image.schema.json", json_schema::object()),
        ("oci-image-message.schema.json", json_schema::message()),
        ("oci-image-task.schema.json", json_schema::task()),
        ("oci-image-pipeline.schema.json", json_schema::pipeline()),
        ("oci-image-builders.schema.json", json_schema::builders()),
        ("oci-image-progress.schema.json", json_schema::progress()),
    ] {
        let path = checkout().join("schema").join(name);
        let text = serde_json::to_string_pretty(&generated).unwrap() + "\n";
        if std::env::var_os("BLESS").is_some() {
            fs::write(&path, &text).unwrap();
        }
        let committed = fs::read_to_string(&path).unwrap();
        let differs = text
            .lines()
            .zip(committed.lines())
            .find(|(now, then)| now != then);
        assert_eq!(differs, None, "{name}: BLESS=1 rewrites it");
        assert!(text == committed, "{name}: BLESS=1 rewrites it");
    }
}

#[test]
fn program_prints_the_schema_that_is_asked_for() {
    for (arguments, schema) in [
        (&["schema"][..], json_schema::object()),
        (&["schema", "object"], json_schema::object()),
        (&["schema", "message"], json_schema::message()),
        (&["schema", "task"], json_schema::task()),
        (&["schema", "pipeline"], json_schema::pipeline()),
        (&["schema", "progress"], json_schema::progress()),
    ] {
        let printed = Command::new(program()).args(arguments).output().unwrap();
        let printed: Value = serde_json::from_slice(&printed.stdout).unwrap();
        // Not compared by `assert_eq`, which would print both.
        assert!(printed == schema, "{arguments:?}: it was built before");
    }
}

#[test]
fn schemas_are_sound_drafts_07() {
    for schema in [
        json_schema::object(),
        json_schema::message(),
        json_schema::task(),
    ] {
        assert!(jsonschema::draft7::meta::is_valid(&schema));
        assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
        assert_eq!(schema["additionalProperties"], false);
        assert!(schema["title"].is_string() && schema["$id"].is_string());
    }
}

#[test]
fn schema_of_a_message_judges_as_the_protocol_does() {
    let validator = built(&json_schema::message());
    for (text, accepted) in [
        (
            r#"{"object": {"context": ".", "output": "image"}, "response_path": "r"}"#,
            true,
        ),
        (r#"{"object": {"context": ".", "output": "image"}}"#, false),
        (
            r#"{"object": {"context": "."}, "response_path": "r"}"#,
            false,
        ),
        (
            r#"{"object": {"context": ".", "output": "image"}, "response_path": 7}"#,
            false,
        ),
        (
            r#"{"object": {"context": ".", "output": "image"}, "response_path": "r", "x": 1}"#,
            false,
        ),
    ] {
        let parsed = oci_image::protocol::Message::parse(text.to_owned());
        let object = parsed.map(|message| oci_image_guest::describe(message.object()).is_ok());
        assert_eq!(object.unwrap_or(false), accepted, "{text}");
        let message: Value = serde_json::from_str(text).unwrap();
        assert_eq!(validator.is_valid(&message), accepted, "{text}");
    }
}

#[test]
fn each_key_has_what_a_hover_shows_and_each_pattern_its_message() {
    let schema = json_schema::object();
    let mut keys = 0;
    for (place, property) in properties("", &schema) {
        assert!(property["title"].is_string(), "{place}");
        assert!(property["description"].is_string(), "{place}");
        let markdown = property["markdownDescription"].as_str().expect(&place);
        let presence = ["Required.", "Default: ", "Optional."];
        assert!(
            presence.iter().any(|word| markdown.contains(word)),
            "{place}"
        );
        let is_flag = property["type"][0] == "boolean";
        assert_eq!(markdown.contains("In JSON: "), !is_flag, "{place}");
        keys += 1;
    }
    assert_eq!(
        keys,
        1 + KEYS.len() + 6 + 2 + 1,
        "the keys of all definitions were seen"
    );
    let text = schema.to_string();
    // Of `if`: nothing is said about them.
    let conditions = [r#""pattern":",","#, r#""pattern":"^(?:gzip)?$","#];
    let of_conditions = conditions.map(|condition| text.matches(condition).count());
    let patterns = text.matches("\"pattern\":").count() - of_conditions.into_iter().sum::<usize>();
    assert_eq!(patterns, text.matches("\"patternErrorMessage\":").count());
}

/// Each property that a schema and its definitions define, by place.
pub(super) fn properties<'s>(place: &str, schema: &'s Value) -> Vec<(String, &'s Value)> {
    let own = schema["properties"].as_object().into_iter().flatten();
    let inner = schema["definitions"].as_object().into_iter().flatten();
    own.map(|(key, property)| (format!("{place}/{key}"), property))
        .chain(inner.flat_map(|(name, definition)| properties(name, definition)))
        .collect()
}

#[test]
fn examples_and_defaults_obey_their_own_schema() {
    let schema = json_schema::object();
    for (key, property) in schema["properties"].as_object().unwrap() {
        let examples = property["examples"].as_array().into_iter().flatten();
        for value in examples.chain(property.get("default")) {
            let mut object = json!({"context": ".", "output": "image"});
            object[key] = value.clone();
            if value == ZSTD {
                object["output_oci"] = json!(true); // which it needs
            }
            assert_accepted(&object);
        }
    }
}

#[test]
fn snippets_are_accepted_as_they_are_inserted() {
    let schema = json_schema::object();
    let mut inserted = 0;
    let mut insert = |snippets: &Value, object: &dyn Fn(Value) -> Value| {
        for snippet in snippets.as_array().into_iter().flatten() {
            assert_accepted(&object(filled_in(&snippet["body"])));
            inserted += 1;
        }
    };
    insert(&schema["defaultSnippets"], &|body| body);
    insert(
        &schema["definitions"]["Secret"]["defaultSnippets"],
        &|secret| json!({"context": ".", "output": "image", "buildkit_secrets": {"a": secret}}),
    );
    for (key, property) in schema["properties"].as_object().unwrap() {
        let with = |value: Value| {
            let mut object = json!({"context": ".", "output": "image"});
            object[key] = value;
            object
        };
        insert(&property["defaultSnippets"], &with);
        insert(&property["items"]["defaultSnippets"], &|element| {
            with(json!([element]))
        });
    }
    assert_eq!(inserted, 4 + 2 + 1 + 3 + 2 + 9);
}

/// A snippet's body with each `${1:text}` replaced by its text.
pub(super) fn filled_in(body: &Value) -> Value {
    let text = body.to_string();
    let mut parts = text.split("${");
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (place, rest) = part.split_once('}').expect("a place ends");
        let (_, default) = place.split_once(':').expect("a place has a text");
        filled.extend([default, rest]);
    }
    serde_json::from_str(&filled).expect("a body stays JSON")
}

fn assert_accepted(object: &Value) {
    assert!(validator().is_valid(object), "{object}");
    assert!(
        oci_image_guest::describe(&object.to_string()).is_ok(),
        "{object}"
    );
}

#[test]
fn an_unknown_key_is_answered_with_the_keys_of_the_schema() {
    let said = oci_image_guest::validate(r#"{"context": ".", "output": "image", "?": 1}"#);

    let mut allowed = said[0].allowed.clone();
    allowed.push("$schema".to_owned()); // for editors, so nobody is told of it
    allowed.sort();
    let schema = json_schema::object();
    let keys: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
    assert_eq!(allowed.iter().collect::<Vec<_>>(), keys);
}

#[test]
fn schema_accepts_every_valid_request() {
    for (name, text) in requests("valid") {
        let object: Value = serde_json::from_str(&text).unwrap();
        let errors: Vec<String> = validator()
            .iter_errors(&object)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert_eq!(errors, Vec::<String>::new(), "{name}");
    }
}

#[test]
fn schema_and_planner_agree_on_every_request() {
    for (name, text) in requests("valid").into_iter().chain(requests("invalid")) {
        assert_eq!(agreement::disagreement(&text), None, "{name}");
    }
}

#[test]
fn example_of_a_rule_breaks_it_and_keeps_it() {
    // The planner sees no message: `diagnostics.rs` shows that one.
    for code in (Code::ALL.iter()).filter(|code| **code != Code::MalformedMessage) {
        let (wrong, right) = (object_of(code.wrong()), object_of(code.right()));
        let (Some(wrong), Some(right)) = (wrong, right) else {
            continue; // about a file: words, not a key
        };
        let says = |object: &str| {
            let said = oci_image_guest::validate(object);
            said.iter().any(|diagnostic| diagnostic.code == code.name())
        };
        assert!(!says(&right), "{code}: {right}");
        let needs_a_file = Code::ALL
            .iter()
            .position(|other| *other == Code::MissingPath);
        let place = Code::ALL.iter().position(|other| other == code);
        assert_eq!(says(&wrong), place < needs_a_file, "{code}: {wrong}");
    }
}

/// An example as an object: it may be one key of it.
fn object_of(example: &str) -> Option<String> {
    if example.starts_with('{') {
        return Some(example.to_owned());
    }
    let whole = |rest: &str| format!("{{{rest}{example}}}");
    let given = ["\"context\": ", "\"output\": "].map(|key| example.starts_with(key));
    example.starts_with('"').then(|| match given {
        [true, _] => whole("\"output\": \"image\", "),
        [_, true] => whole("\"context\": \".\", "),
        _ => whole("\"context\": \".\", \"output\": \"image\", "),
    })
}

fn path(kind: &str) -> std::path::PathBuf {
    checkout().join("tests/fixtures/requests").join(kind)
}

/// Each request of a kind, by name: the files with one dot.
fn requests(kind: &str) -> Vec<(String, String)> {
    fs::read_dir(path(kind))
        .expect("the fixtures are committed")
        .map(|entry| entry.expect("an entry").path())
        .filter_map(|path| {
            let name = path.file_name()?.to_str()?.strip_suffix(".json")?;
            let single = !name.contains('.');
            single.then(|| {
                (
                    name.to_owned(),
                    fs::read_to_string(&path).expect("a fixture is text"),
                )
            })
        })
        .collect()
}
