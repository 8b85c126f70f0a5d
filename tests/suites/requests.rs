//! Requests and what the planner makes of them: pairs of files, compared whole.
//!
//! `requests/valid/NAME.json` has its plan in `NAME.plan.json`, `requests/invalid/NAME.json` its diagnostics in
//! `NAME.diagnostics.json`; the files that they name are in `workspace/`. `BLESS=1` writes the answers anew.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use oci_image::planner::{Planner, mask};
use oci_image_guest::workspace::{Entry, FileError, Workspace};
use oci_image_schema::diagnostic::{Diagnostic, Place, Severity};
use oci_image_schema::plan::BuildPlan;
use oci_image_tests::allowed::shortened;
use oci_image_tests::engine::checkout;
use serde::Serialize;
use serde_json::Value;

/// The fixtures' working directory.
struct Fixtures;

impl Workspace for Fixtures {
    fn read_text(&self, path: &str) -> Result<String, FileError> {
        match self.entry_at(path)? {
            Entry::Nothing => Err(FileError::NotFound),
            Entry::Directory => Err(FileError::IsDirectory),
            Entry::File => {
                let bytes = fs::read(directory("workspace").join(path)).expect("a file");
                String::from_utf8(bytes).map_err(|_| FileError::NotText)
            }
        }
    }

    fn entry_at(&self, path: &str) -> Result<Entry, FileError> {
        match fs::metadata(directory("workspace").join(path)) {
            Ok(metadata) if metadata.is_dir() => Ok(Entry::Directory),
            Ok(_) => Ok(Entry::File),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Entry::Nothing),
            Err(error) => Err(FileError::Other(error.to_string())),
        }
    }
}

#[test]
fn valid_request_has_its_plan() {
    for (name, object) in requests("valid") {
        let plan = oci_image_guest::plan(&object, &Fixtures)
            .unwrap_or_else(|diagnostics| panic!("{name}: {diagnostics:#?}"));
        compare(&format!("requests/valid/{name}.plan.json"), &plan);
    }
}

#[test]
fn invalid_request_has_its_diagnostics() {
    for (name, object) in requests("invalid") {
        let diagnostics = oci_image_guest::plan(&object, &Fixtures)
            .err()
            .unwrap_or_else(|| panic!("{name}: it has a plan"));
        compare(
            &format!("requests/invalid/{name}.diagnostics.json"),
            &diagnostics,
        );
    }
}

#[test]
fn each_fixture_has_its_pair() {
    for (kind, answer) in [("valid", ".plan.json"), ("invalid", ".diagnostics.json")] {
        let names: BTreeSet<String> = requests(kind).into_iter().map(|(name, _)| name).collect();
        let answers: BTreeSet<String> = files(kind)
            .iter()
            .filter_map(|file| file.strip_suffix(answer).map(str::to_owned))
            .collect();
        assert_eq!(names, answers, "{kind}");
    }
}

#[test]
fn each_key_has_a_valid_and_an_invalid_fixture() {
    let mut valid = BTreeSet::new();
    for (_, object) in requests("valid") {
        let object: serde_json::Map<String, Value> = serde_json::from_str(&object).unwrap();
        valid.extend(object.into_iter().map(|(key, _)| key));
    }
    let mut invalid = BTreeSet::new();
    for (_, object) in requests("invalid") {
        for diagnostic in oci_image_guest::validate(&object) {
            let key = diagnostic.pointer.split('/').nth(1).unwrap_or_default();
            invalid.insert(key.to_owned());
        }
    }

    for key in keys() {
        assert!(valid.contains(&key), "no valid fixture has `{key}`");
        assert!(
            invalid.contains(&key),
            "no invalid fixture is wrong about `{key}`"
        );
    }
}

#[test]
fn accepted_object_parses_into_the_schemas_type() {
    for (name, object) in requests("valid") {
        let parsed: Result<oci_image_schema::object::Object, _> = serde_json::from_str(&object);
        assert!(parsed.is_ok(), "{name}: {parsed:?}");
    }
}

#[test]
fn diagnostics_come_in_the_order_of_the_text_and_point_into_it() {
    for (name, object) in requests("invalid") {
        let diagnostics = oci_image_guest::validate(&object);
        let starts: Vec<u32> = diagnostics.iter().map(start_in_object).collect();
        assert!(starts.is_sorted(), "{name}: {starts:?}");
        let judged: Result<Value, _> = serde_json::from_str(&object);
        for diagnostic in diagnostics {
            let Some(Place::Object(span)) = diagnostic.place else {
                panic!("{name}: {diagnostic:?} has no place");
            };
            let range = span.start as usize..span.end as usize;
            assert!(object.get(range).is_some(), "{name}: {diagnostic:?}");
            assert!(!diagnostic.message.contains('\n'), "{name}: {diagnostic:?}");
            if let Ok(value) = &judged {
                let pointed = value.pointer(&diagnostic.pointer);
                assert!(pointed.is_some(), "{name}: {diagnostic:?}");
            }
        }
    }
}

#[test]
fn description_and_plan_agree_with_validation() {
    for kind in ["valid", "invalid"] {
        for (name, object) in requests(kind) {
            let diagnostics = oci_image_guest::validate(&object);
            let wrong = diagnostics
                .iter()
                .any(|diagnostic| diagnostic.severity == Severity::Error);
            let described = oci_image_guest::describe(&object);
            assert_eq!(described.is_err(), wrong, "{name}");
            if let Err(said) = described {
                assert_eq!(said, diagnostics, "{name}");
            }
            if wrong {
                assert!(oci_image_guest::plan(&object, &Fixtures).is_err(), "{name}");
            }
        }
    }
}

#[test]
fn printed_plan_is_read_back_and_printed_the_same() {
    for (name, object) in requests("valid") {
        let plan = oci_image_guest::plan(&object, &Fixtures).expect("a valid request has a plan");

        let text = plan.print();
        let read = BuildPlan::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));

        assert_eq!(read, plan, "{name}");
        assert_eq!(read.print(), text, "{name}");
        assert!(text.starts_with("{\n  \"version\": 1,\n"), "{name}");
    }
}

#[test]
fn printed_plan_of_another_version_or_of_none_is_refused() {
    let (_, object) = requests("valid").remove(0);
    let plan = oci_image_guest::plan(&object, &Fixtures).expect("a valid request has a plan");
    let refused = |version: &str| {
        let text = plan.print().replacen("\"version\": 1,", version, 1);
        let error = BuildPlan::parse(&text).expect_err("it is refused");
        error.to_string()
    };

    assert_eq!(
        refused("\"version\": 2,"),
        "the plan is of version 2, and only version 1 can be read: print it anew with `oci-image plan`"
    );
    assert_eq!(
        refused(""),
        "the plan has no `version`: print it anew with `oci-image plan`"
    );
    assert_eq!(refused("\"version\": \"1\","), "the text is not a plan");
    let later = plan.print().replacen('{', "{\"later\": [],", 1);
    assert_eq!(BuildPlan::parse(&later).ok().as_ref(), Some(&plan));
}

#[test]
fn deepest_configuration_that_is_read_fits_the_sandboxs_stack() {
    let dotted = vec!["a"; 79].join(".");
    let inline = format!("{dotted} = {{").repeat(8);
    let config = format!("[{dotted}]\n{inline} b = 1 {}\n", "}".repeat(8));
    let object = format!(
        r#"{{"context": ".", "output": "image", "buildkit_extra_config": {}}}"#,
        serde_json::to_string(&config).unwrap()
    );

    let planner = Planner::load().unwrap();
    let diagnostics = planner.validate(&mask(&object)).unwrap();

    assert_eq!(diagnostics, oci_image_guest::validate(&object));
    let codes: Vec<&str> = diagnostics.iter().map(|one| one.code.as_str()).collect();
    assert_eq!(codes, ["invalid-toml"]);
}

fn start_in_object(diagnostic: &Diagnostic) -> u32 {
    match &diagnostic.place {
        Some(Place::Object(span)) => span.start,
        _ => panic!("{diagnostic:?} does not point into the object"),
    }
}

/// The keys that the schema's type has.
fn keys() -> Vec<String> {
    let schema = fs::read_to_string(checkout().join("schema/oci-image.schema.json"))
        .expect("the schema is committed");
    let schema: Value = serde_json::from_str(&schema).expect("the schema is JSON");
    let properties = schema["properties"]
        .as_object()
        .expect("the object has keys");
    properties.keys().cloned().collect()
}

fn directory(part: &str) -> PathBuf {
    checkout().join("tests/fixtures").join(part)
}

fn files(kind: &str) -> Vec<String> {
    let mut files: Vec<String> = fs::read_dir(directory("requests").join(kind))
        .expect("the fixtures are committed")
        .map(|entry| entry.expect("an entry").file_name())
        .map(|name| name.into_string().expect("a fixture's name is text"))
        .collect();
    files.sort();
    files
}

/// Each request of a kind, by name: the files with one dot.
fn requests(kind: &str) -> Vec<(String, String)> {
    files(kind)
        .iter()
        .filter_map(|file| file.strip_suffix(".json"))
        .filter(|name| !name.contains('.'))
        .map(|name| {
            let path = directory("requests")
                .join(kind)
                .join(format!("{name}.json"));
            (name.to_owned(), read(&path))
        })
        .collect()
}

fn compare(path: &str, answer: &impl Serialize) {
    let text = serde_json::to_string_pretty(answer).expect("an answer is JSON") + "\n";
    let text = shortened(&text);
    let path = directory(path);
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &text).expect("the fixtures can be written");
    }
    assert_eq!(text, read(&path), "{}; BLESS=1 rewrites it", path.display());
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
