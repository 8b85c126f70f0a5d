//! The planner as a component says what it says natively, byte for byte, and whatever the object is, it answers.
//!
//! `tests/suites/requests.rs` says that what it says natively is right.

use std::fs;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::thread;

use oci_image::boundary::handle::WorkingDirectory;
use oci_image::planner::workspace::{Entry, FileError, NativeWorkspace, Workspace};
use oci_image::planner::{MAX_OBJECT, MaskedObject, Planner, Refusal, mask};
use oci_image_guest::workspace as native;
use oci_image_schema::diagnostic::Diagnostic;
use oci_image_schema::plan::BuildPlan;
use oci_image_tests::engine::checkout;
use oci_image_tests::random::Random;
use serde_json::json;

/// How deep TOML's reader goes.
const TOML_DEPTH: usize = 80;

#[test]
fn component_says_of_each_fixture_what_the_planner_says_natively() {
    let planner = Planner::load().unwrap();
    for (name, object) in fixtures() {
        assert_eq!(
            planner.validate(&object).unwrap(),
            oci_image_guest::validate(object.text()),
            "{name}"
        );
        assert_eq!(
            planner.describe(&object).unwrap(),
            oci_image_guest::describe(object.text()),
            "{name}"
        );
        assert_eq!(
            plan(&planner, &object),
            oci_image_guest::plan(object.text(), &Native(workspace(&object))),
            "{name}"
        );
    }
}

#[test]
fn damaged_object_gets_the_same_diagnostics_and_never_an_error_of_the_planner() {
    let planner = Planner::load().unwrap();
    let mut dice = Random::new(1);
    for (name, object) in fixtures() {
        if object.text().is_empty() {
            continue;
        }
        for _ in 0..20 {
            let object = mask(&damaged(object.text(), &mut dice));

            let said: Vec<Diagnostic> = planner
                .validate(&object)
                .unwrap_or_else(|error| panic!("{name}: {error}: {object:?}"));

            let natively = oci_image_guest::validate(object.text());
            assert_eq!(said, natively, "{name}: {object:?}");
        }
    }
}

#[test]
fn worst_object_meets_an_answer_and_no_limit() {
    let planner = Planner::load().unwrap();
    for (what, object) in worst_objects() {
        let object = mask(&object);
        if let Err(Refusal::Planner(error)) = planner.plan_in(&object, workspace(&object)) {
            panic!("{what}: {error}");
        }
    }
}

#[test]
fn pooled_planner_says_the_same_whoever_called_before_and_however_many_call() {
    let planner = Planner::pooled(NonZeroU32::new(2).unwrap()).unwrap();
    let fixtures = fixtures();
    let large = mask(&filled("{", r#""a":1,"#, r#""a":1}"#));
    let call = |first: usize| {
        for at in 0..fixtures.len() {
            let (name, object) = &fixtures[(first + at) % fixtures.len()];
            assert_eq!(
                plan(&planner, object),
                oci_image_guest::plan(object.text(), &Native(workspace(object))),
                "{name}"
            );
            if at == first {
                // What it leaves in memory is nobody else's.
                planner.validate(&large).unwrap();
            }
        }
    };

    thread::scope(|threads| {
        for first in 0..5 {
            threads.spawn(move || call(first * 7));
        }
    });
}

/// What the component plans, which the host found to be what the object asks for.
fn plan(planner: &Planner, object: &MaskedObject) -> Result<BuildPlan, Vec<Diagnostic>> {
    match planner.plan_in(object, workspace(object)) {
        Ok(plan) => Ok(plan.into_plan()),
        Err(Refusal::Mistakes(mistakes)) => Err(mistakes.diagnostics),
        Err(Refusal::Planner(error)) => panic!("the planner runs: {error}"),
    }
}

/// Objects as long as the planner takes them, each of one thing over and over.
fn worst_objects() -> Vec<(&'static str, String)> {
    let mut objects = vec![
        ("unknown keys", filled("{", r#""a":1,"#, r#""a":1}"#)),
        ("white space", filled("{", " ", "}")),
        ("open lists", filled("", "[", "")),
        ("nested maps", filled("", r#"{"context":"#, "1")),
        (
            "nested lists",
            format!("{}{}", "[".repeat(2 << 20), "]".repeat(2 << 20)),
        ),
    ];
    for (key, element) in [
        ("build_args", r#""a=b""#),
        ("build_args", r#""a b""#),
        ("labels", "1"),
        ("additional_targets", r#""..""#),
        ("image_args", r#""A=b""#),
        ("registry_mirrors", r#""a b""#),
    ] {
        let start = format!(r#"{{"context": ".", "output": "image", "{key}": [{element}"#);
        objects.push((key, filled(&start, &format!(", {element}"), "]}")));
    }
    for (key, part) in [
        ("dockerfile", r"\u0041"),
        ("dockerfile", r"\u0000"),
        ("image_platform", "linux/x,"),
        ("add_hosts", "a=1.1.1,"),
        ("buildkit_extra_config", r"[a]\n"),
        ("buildkit_extra_config", r"a.b = 1\n"),
        ("image_platform", "linux/amd64/x"),
        ("image_platform", "linux"),
        ("add_hosts", "a:"),
        ("add_hosts", "a=b"),
        ("buildkit_ssh", "a=b,"),
        ("target", "x"),
        ("output", "x/"),
    ] {
        let start = format!(r#"{{"context": ".", "output": "image", "{key}": ""#);
        objects.push((key, filled(&start, part, r#""}"#)));
    }
    objects.extend(deepest_configs());
    objects
}

/// Objects whose `buildkit_extra_config` is as deep as a reader of TOML goes, and deeper: what goes deepest into the stack.
fn deepest_configs() -> Vec<(&'static str, String)> {
    let mut objects = Vec::new();
    let dotted = ["a"; TOML_DEPTH - 1].join(".");
    let dotted = format!("{{{dotted} = ");
    for (what, start, open, middle, close) in [
        ("TOML: lists in lists", "a = ", "[", "1", "]"),
        ("TOML: tables in tables", "a = ", "{b = ", "1", "}"),
        ("TOML: a dotted key", "a", ".a", " = 1", ""),
        ("TOML: a header of many parts", "[a", ".a", "]", ""),
        ("TOML: a header of an element", "[[a", ".a", "]]", ""),
        ("TOML: dotted keys in each other", "a = ", &dotted, "1", "}"),
        (
            "TOML: dotted keys in a list",
            "[a]\nb",
            ".c",
            " = [1, {d.e.f.g = 1}]",
            "",
        ),
        (
            "TOML: dotted keys in lists",
            "a = ",
            "[1, {a.b = ",
            "1",
            "}]",
        ),
    ] {
        for depth in (1..=TOML_DEPTH).chain([100 * TOML_DEPTH]) {
            let config = [start, &open.repeat(depth), middle, &close.repeat(depth)].concat();
            let object =
                json!({"context": ".", "output": "image", "buildkit_extra_config": config});
            objects.push((what, object.to_string()));
        }
    }
    objects
}

fn filled(start: &str, unit: &str, end: &str) -> String {
    let count = (MAX_OBJECT - start.len() - end.len()) / unit.len();
    format!("{start}{}{end}", unit.repeat(count))
}

/// One damage at one place: a byte changed, cut, doubled, or everything after it cut off.
fn damaged(object: &str, dice: &mut Random) -> String {
    let mut roll =
        |sides: usize| usize::try_from(dice.number() % sides as u64).expect("less than `sides`");
    let mut bytes = object.as_bytes().to_vec();
    let at = roll(bytes.len());
    match roll(4) {
        0 => bytes[at] = b"{}[],:\"\\ 0a\n\x00"[roll(13)],
        1 => {
            bytes.remove(at);
        }
        2 => bytes.insert(at, bytes[at]),
        _ => bytes.truncate(at),
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Every request of the fixtures by name, as the planner is given it.
fn fixtures() -> Vec<(String, MaskedObject)> {
    let mut fixtures = Vec::new();
    for kind in ["valid", "invalid"] {
        for entry in fs::read_dir(directory("requests").join(kind)).expect("the fixtures are there")
        {
            let path = entry.expect("an entry").path();
            let name = path
                .file_name()
                .expect("a file has a name")
                .to_string_lossy()
                .into_owned();
            if name.ends_with(".plan.json") || name.ends_with(".diagnostics.json") {
                continue;
            }
            // One of them is not UTF-8 on purpose.
            let text = String::from_utf8_lossy(&fs::read(&path).expect("a fixture can be read"))
                .into_owned();
            fixtures.push((name, mask(&text)));
        }
    }
    assert!(fixtures.len() > 20);
    fixtures
}

fn directory(name: &str) -> PathBuf {
    checkout().join("tests/fixtures").join(name)
}

fn workspace(object: &MaskedObject) -> NativeWorkspace {
    let directory = WorkingDirectory::open(directory("workspace")).expect("the fixtures are there");
    NativeWorkspace::new(&directory, object)
}

/// The host's workspace as the planner's own trait.
struct Native(NativeWorkspace);

impl native::Workspace for Native {
    fn read_text(&self, path: &str) -> Result<String, native::FileError> {
        self.0.read_text(path).map_err(file_error)
    }

    fn entry_at(&self, path: &str) -> Result<native::Entry, native::FileError> {
        match self.0.entry_at(path).map_err(file_error)? {
            Entry::Nothing => Ok(native::Entry::Nothing),
            Entry::File => Ok(native::Entry::File),
            Entry::Directory => Ok(native::Entry::Directory),
        }
    }
}

fn file_error(error: FileError) -> native::FileError {
    match error {
        FileError::NotFound => native::FileError::NotFound,
        FileError::NotText => native::FileError::NotText,
        FileError::IsDirectory => native::FileError::IsDirectory,
        FileError::TooLarge(limit) => native::FileError::TooLarge(limit),
        FileError::Denied => native::FileError::Denied,
        FileError::Other(reason) => native::FileError::Other(reason),
    }
}
