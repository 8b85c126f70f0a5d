//! `schema/oci-image.schema.json`: generated from the object's types, a sound schema, and of one mind with the planner.
//!
//! `BLESS=1 cargo test -p oci-image-tests --test schema` writes it. An editor that knows it marks most mistakes as they are typed;
//! what only the planner can see is listed here by name.

use std::fs;
use std::sync::LazyLock;

use jsonschema::{Draft, Validator};
use oci_image_schema::code::Code;
use oci_image_schema::object::Object;
use oci_image_tests::engine::checkout;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use serde_json::{Value, json};

/// Rules that no schema can express: they need the text before parsing, other files, TOML, or arithmetic.
const INEXPRESSIBLE: &[Code] = &[
    Code::DuplicateKey,
    Code::RepeatedOutput,
    Code::RepeatedInput,
    Code::BadPlatform,
    Code::RepeatedPlatform,
    Code::BadAddress,
    Code::InvalidToml,
    Code::ConflictingConfig,
    Code::MissingPath,
    Code::NotADirectory,
    Code::NotAFile,
    Code::UnreadableFile,
    Code::SecretTooLarge,
    Code::InvalidYaml,
];

#[test]
fn schema_is_what_the_types_say() {
    let path = checkout().join("schema/oci-image.schema.json");
    let text = serde_json::to_string_pretty(&generated()).unwrap() + "\n";
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap();
    let differs = text
        .lines()
        .zip(committed.lines())
        .find(|(now, then)| now != then);
    assert_eq!(differs, None, "BLESS=1 rewrites it");
    assert!(text == committed, "one is longer; BLESS=1 rewrites it");
}

#[test]
fn schema_is_a_sound_draft_07() {
    let schema = generated();

    assert!(jsonschema::draft7::meta::is_valid(&schema));
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
    assert_eq!(schema["additionalProperties"], false);
}

#[test]
fn each_key_has_a_title_a_description_and_a_default_or_is_required() {
    let schema = generated();
    let required = schema["required"].as_array().unwrap();
    for (key, property) in schema["properties"].as_object().unwrap() {
        assert!(property["title"].is_string(), "{key}");
        assert!(property["description"].is_string(), "{key}");
        let optional = !required.contains(&json!(key));
        assert_eq!(property.get("default").is_some(), optional, "{key}");
    }
}

#[test]
fn examples_and_defaults_obey_their_own_schema() {
    let schema = generated();
    for (key, property) in schema["properties"].as_object().unwrap() {
        let examples = property["examples"].as_array().into_iter().flatten();
        for value in examples.chain(property.get("default")) {
            let mut object = json!({"context": ".", "output": "image"});
            object[key] = value.clone();
            assert!(validator().is_valid(&object), "{object}");
            let said = oci_image_guest::validate(&object.to_string());
            let errors = said
                .iter()
                .filter(|diagnostic| diagnostic.code != "ignored-empty");
            assert_eq!(errors.count(), 0, "{object}: {said:#?}");
        }
    }
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
fn schema_refuses_every_invalid_request_unless_a_rule_is_beyond_it() {
    for (name, text) in requests("invalid") {
        let Ok(object) = serde_json::from_str::<Value>(&text) else {
            continue; // no JSON: nothing to judge
        };
        let answer = path("invalid").join(format!("{name}.diagnostics.json"));
        let said: Value = serde_json::from_str(&fs::read_to_string(answer).unwrap()).unwrap();
        let beyond = said.as_array().unwrap().iter().all(|diagnostic| {
            let code = Code::from_name(diagnostic["code"].as_str().unwrap()).unwrap();
            let in_a_file = diagnostic["place"]["file"].is_object();
            in_a_file || diagnostic["severity"] == "warning" || INEXPRESSIBLE.contains(&code)
        });
        if !beyond {
            assert!(!validator().is_valid(&object), "{name}");
        }
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

fn generated() -> Value {
    let generator = SchemaSettings::draft07()
        .with_transform(RecursiveTransform(tidy))
        .into_generator();
    let mut schema = generator.into_root_schema_for::<Object>();
    let comment =
        "Generated by `BLESS=1 cargo test -p oci-image-tests --test schema`; do not edit.";
    schema.insert(
        "$id".to_owned(),
        json!("https://oci-image.invalid/schema/0.1/object.json"),
    );
    schema.insert("$comment".to_owned(), json!(comment));
    schema.to_value()
}

/// A key that is not wanted is left out, never null: an absent string has the default that means the same, an absent flag none.
/// A description is one line, wherever its comment was wrapped.
fn tidy(schema: &mut schemars::Schema) {
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
        if schema.get("type") == Some(&json!("string")) {
            schema.insert("default".to_owned(), json!(""));
        }
    }
    if let Some(Value::String(description)) = schema.get_mut("description") {
        *description = description.replace('\n', " ");
    }
}

fn validator() -> &'static Validator {
    static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| {
        let options = jsonschema::options().with_draft(Draft::Draft7);
        options.build(&generated()).expect("the schema is sound")
    });
    &VALIDATOR
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
