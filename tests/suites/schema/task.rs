//! The schema of a task file and the program, as two judges of a task's parameters: they find errors in the same ones.
//!
//! A parameter in a file is a variable in the program's environment by the time that it runs: of another type than a string, it has
//! become one.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

use jsonschema::Validator;
use oci_image::source::{NamedText, SourceMap};
use oci_image::task::{self, file::TaskFile};
use oci_image_schema::beyond::{BEYOND_SCHEMA, BEYOND_TASK_SCHEMA};
use oci_image_schema::code::Code;
use oci_image_schema::compression::ZSTD;
use oci_image_schema::diagnostic::{Place, Severity};
use oci_image_schema::json_schema;
use oci_image_schema::parameter::{FAMILIES, PARAMETERS};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::documents::{DOCUMENTS, judge_each};
use super::generated::{filled_in, properties};
use super::parameters::{mutation, parameters};
use super::validator::built;

#[test]
fn schema_of_a_task_and_program_agree_on_generated_parameters() {
    let schema = built(&json_schema::task());
    let seen = std::cell::RefCell::new((0_u32, BTreeSet::new()));

    judge_each(&parameters(), |parameters| {
        let said = errors(&parameters);
        let (accepted, codes) = &mut *seen.borrow_mut();
        *accepted += u32::from(said.is_empty());
        codes.extend(said.values().flatten().copied());
        compare(&schema, &with(&json!(parameters)), &said)
    });

    // What was generated is worth the judgement.
    let (accepted, codes) = seen.into_inner();
    assert!(
        (DOCUMENTS / 5..DOCUMENTS * 4 / 5).contains(&accepted),
        "{accepted} accepted"
    );
    let unseen: Vec<&Code> = OF_PARAMETERS
        .iter()
        .filter(|code| !codes.contains(code))
        .collect();
    assert_eq!(unseen, Vec::<&Code>::new());
}

/// The rules that a parameter can break without a look at a file.
const OF_PARAMETERS: &[Code] = &[
    Code::WrongType,
    Code::DuplicateKey,
    Code::EmptyValue,
    Code::InvalidCharacter,
    Code::BadTarget,
    Code::ReservedName,
    Code::MissingEquals,
    Code::BadArgumentName,
    Code::BadLabelName,
    Code::BadPath,
    Code::BadPlatform,
    Code::RootfsPlatforms,
    Code::BadCompression,
    Code::BadCompressionLevel,
    Code::ZstdArchive,
    Code::BadHostEntry,
    Code::BadHostName,
    Code::BadAddress,
    Code::BadRegistry,
    Code::BadCacheMount,
    Code::BadCacheMountsLimit,
    Code::BadSsh,
    Code::InvalidToml,
    Code::SettingType,
    Code::ConflictingConfig,
];

#[test]
fn schema_of_a_task_and_program_agree_on_generated_files() {
    let schema = built(&json_schema::task());
    let parameters = (parameters(), vec(mutation(), 0..3)).prop_map(|(mut map, mutations)| {
        map.extend(mutations);
        map
    });

    judge_each(&parameters, |parameters| {
        let task = with(&json!(parameters));
        let said = errors_of_file(&task.to_string(), &parameters);
        compare(&schema, &task, &said)
    });
}

#[test]
fn what_concourse_fills_in_makes_no_other_parameter_wrong() {
    let schema = built(&json_schema::task());
    let judged = |parameters: Value| {
        let task = with(&parameters);
        let parameters = parameters.as_object().unwrap();
        let said = errors_of_file(&task.to_string(), parameters);
        compare(&schema, &task, &said).unwrap();
        said.into_values().flatten().collect::<Vec<Code>>()
    };
    for sound in [
        json!({"COMPRESSION": "((codec))"}),
        json!({"COMPRESSION": "((codec))", "COMPRESSION_LEVEL": 19}),
        json!({"COMPRESSION": "((codec))", "COMPRESSION_LEVEL": 19, "OUTPUT_OCI": false}),
        json!({"COMPRESSION": "zstd", "COMPRESSION_LEVEL": "((level))", "OUTPUT_OCI": true}),
        json!({"COMPRESSION": "zstd", "COMPRESSION_LEVEL": "19", "OUTPUT_OCI": "((layout))"}),
        json!({"COMPRESSION": "zstd", "IMAGE_PLATFORM": "((platforms))"}),
        json!({"COMPRESSION": "zstd", "IMAGE_PLATFORM": "((platforms))", "OUTPUT_OCI": "false"}),
    ] {
        assert_eq!(judged(sound.clone()), [], "{sound}");
    }
    for (wrong, code) in [
        (json!({"COMPRESSION": "zstd"}), Code::ZstdArchive),
        (
            json!({"COMPRESSION": "zstd", "COMPRESSION_LEVEL": "((level))"}),
            Code::ZstdArchive,
        ),
        (
            json!({"COMPRESSION": "((codec))", "COMPRESSION_LEVEL": 20}),
            Code::BadCompressionLevel,
        ),
        (
            json!({"COMPRESSION": "zstd", "COMPRESSION_LEVEL": 20, "OUTPUT_OCI": "((layout))"}),
            Code::BadCompressionLevel,
        ),
        (
            json!({"COMPRESSION": "xz", "OUTPUT_OCI": "((layout))"}),
            Code::BadCompression,
        ),
    ] {
        assert_eq!(judged(wrong.clone()), [code], "{wrong}");
    }
}

/// The program's errors about a file: the rules that each parameter breaks.
fn errors_of_file(text: &str, parameters: &Map<String, Value>) -> BTreeMap<String, BTreeSet<Code>> {
    let file = TaskFile::read(text, &|_| None).expect("it is a task");
    let itself = NamedText {
        name: None,
        text: text.to_owned(),
    };
    let layer = file.layer(file.json(), text);
    let map = SourceMap::of_json(file.json().to_owned()).through(layer, vec![itself]);
    let planner = map.placed(0, oci_image_guest::validate(file.json()));
    let mut names: Vec<(usize, &String)> = parameters
        .keys()
        .map(|name| {
            (
                text.find(&format!("{}:", json!(name))).expect("a key"),
                name,
            )
        })
        .collect();
    names.sort_unstable();
    let mut errors = BTreeMap::<String, BTreeSet<Code>>::new();
    for diagnostic in file.mistakes.iter().cloned().chain(planner) {
        let Some(Place::Object(span)) = diagnostic.place else {
            panic!("{diagnostic:?} has no place in {text}");
        };
        if diagnostic.severity == Severity::Error {
            let code = Code::from_name(&diagnostic.code).expect("a code has a name");
            let before = names.partition_point(|(start, _)| *start <= span.start as usize);
            let name = names[before - 1].1.clone();
            errors.entry(name).or_default().insert(code);
        }
    }
    errors
}

/// Whether the schema says of a task what the program said.
fn compare(
    schema: &Validator,
    task: &Value,
    said: &BTreeMap<String, BTreeSet<Code>>,
) -> Result<(), String> {
    let errors = schema.iter_errors(task);
    let marked: BTreeSet<String> = errors.flat_map(|error| marked(&error)).collect();
    disagreement(said, &marked).map_or(Ok(()), |reason| Err(format!("{reason}: {task}")))
}

/// What the schema and the program say differently about one map of parameters.
fn disagreement(
    said: &BTreeMap<String, BTreeSet<Code>>,
    marked: &BTreeSet<String>,
) -> Option<String> {
    let is_beyond = |code: &Code| {
        let mut beyond = BEYOND_SCHEMA.iter().chain(BEYOND_TASK_SCHEMA);
        beyond.any(|(beyond, _)| beyond == code)
    };
    let unmarked = said
        .iter()
        .find(|(name, codes)| !codes.iter().all(is_beyond) && !marked.contains(*name));
    if let Some((name, codes)) = unmarked {
        return Some(format!("only the program says {codes:?} of {name}"));
    }
    // The planner compares two keys only if both are sound.
    let is_unread = |name: &str| name == "UNPACK_ROOTFS" && said.contains_key("IMAGE_PLATFORM");
    let unsaid = marked
        .iter()
        .find(|name| !said.contains_key(*name) && !is_unread(name));
    unsaid.map(|name| format!("only the schema refuses {name}"))
}

/// The program's errors: the rules that each parameter breaks.
fn errors(parameters: &Map<String, Value>) -> BTreeMap<String, BTreeSet<Code>> {
    let variables = parameters
        .iter()
        .map(|(name, value)| (OsString::from(name), OsString::from(in_environment(value))));
    let task = task::read(variables, false);
    let said = oci_image_guest::validate(task.json());
    let (json, texts) = (task.json().to_owned(), task.texts());
    let map = SourceMap::of_json(json).through(task.into_layer(), texts);
    let mut errors = BTreeMap::<String, BTreeSet<Code>>::new();
    for diagnostic in map.placed(0, said) {
        if diagnostic.severity != Severity::Error {
            continue;
        }
        let code = Code::from_name(&diagnostic.code).expect("a code has a name");
        let Some(Place::File(place)) = diagnostic.place else {
            panic!("{code} has no parameter: {parameters:?}");
        };
        let name = place.path.trim_start_matches('$').to_owned();
        errors.entry(name).or_default().insert(code);
    }
    errors
}

/// What Concourse makes of a parameter.
fn in_environment(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The parameters that an error of the schema is about.
fn marked(error: &jsonschema::ValidationError<'_>) -> Vec<String> {
    use jsonschema::error::ValidationErrorKind;
    if let ValidationErrorKind::AdditionalProperties { unexpected } = error.kind() {
        return unexpected.clone();
    }
    let place = error.instance_path().as_str().to_owned();
    let name = place.strip_prefix("/params/");
    let name = name.unwrap_or_else(|| panic!("an error at `{place}`: {error}"));
    vec![name.replace("~1", "/").replace("~0", "~")]
}

/// A task with these parameters.
fn with(parameters: &Value) -> Value {
    json!({"platform": "linux", "run": {"path": "build"}, "params": parameters})
}

#[test]
fn every_key_of_the_object_is_reached_by_a_task() {
    let by_parameters = PARAMETERS.iter().map(|parameter| parameter.key);
    let by_families = FAMILIES.iter().map(|family| family.key);
    // Said by a task in its own form; `registries` by the daemon's own configuration.
    let otherwise = ["$schema", "cache", "context_inputs", "output", "registries"];
    let reached: BTreeSet<&str> = by_parameters.chain(by_families).chain(otherwise).collect();

    let object = json_schema::object();
    let keys: BTreeSet<&str> = (object["properties"].as_object().unwrap().keys())
        .map(|key| &**key)
        .collect();
    assert_eq!(reached, keys);
}

#[test]
fn examples_defaults_and_snippets_of_a_task_obey_its_schema() {
    let schema = json_schema::task();
    let validator = built(&schema);
    let accepted = |task: &Value| assert!(validator.is_valid(task), "{task}");
    let parameters = &schema["definitions"]["Params"];
    for (name, property) in parameters["properties"].as_object().unwrap() {
        let examples = property["examples"].as_array().into_iter().flatten();
        for value in examples.chain(property.get("default")) {
            let mut map: Map<String, Value> = [(name.clone(), value.clone())].into_iter().collect();
            if value == ZSTD {
                map.insert("OUTPUT_OCI".to_owned(), json!(true)); // which it needs
            }
            accepted(&with(&json!(map)));
            assert_eq!(errors(&map), BTreeMap::new(), "{name}");
        }
    }
    let task = json!({"platform": "linux", "run": {"path": "build"}});
    for (key, property) in schema["properties"].as_object().unwrap() {
        for value in property["examples"].as_array().unwrap() {
            let mut task = task.clone();
            task[key] = value.clone();
            accepted(&task);
        }
    }
    for snippet in schema["defaultSnippets"].as_array().unwrap() {
        accepted(&filled_in(&snippet["body"]));
    }
    for snippet in parameters["defaultSnippets"].as_array().unwrap() {
        let filled = filled_in(&snippet["body"]);
        accepted(&with(&filled));
        assert_eq!(errors(filled.as_object().unwrap()), BTreeMap::new());
    }
}

#[test]
fn task_says_what_a_hover_shows_of_each_of_its_keys() {
    let schema = json_schema::task();
    let mut keys = 0;
    for (place, property) in properties("", &schema) {
        assert!(property["title"].is_string(), "{place}");
        assert!(property["markdownDescription"].is_string(), "{place}");
        keys += 1;
    }
    assert!(keys > PARAMETERS.len() + 9, "{keys}");
    let regexes = schema.to_string().matches("\"pattern\":").count();
    let of_condition = 5;
    let messages = schema
        .to_string()
        .matches("\"patternErrorMessage\":\"")
        .count();
    assert_eq!(regexes - of_condition, messages);
}
