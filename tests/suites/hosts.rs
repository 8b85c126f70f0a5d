//! The planner in other hosts: each answers every fixture with the bytes that the Rust host gives, and passes its own suite.
//!
//! The packages are in `tests/hosts`; each is installed below `target/hosts` from its lock file.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use oci_image::boundary::handle::WorkingDirectory;
use oci_image::planner::{MaskedObject, Planner, Refusal, mask};
use oci_image_packages::package::Package;
use oci_image_schema::diagnostic::Diagnostic;
use oci_image_schema::plan::BuildPlan;
use oci_image_tests::allowed::shortened;
use oci_image_tests::archive::Archive;
use oci_image_tests::engine::{busybox, checkout};
use oci_image_tests::rival::Rival;
use oci_image_tests::workplace::Workplace;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a host says of an object: the canonical text of each answer, or of the diagnostics in its place.
#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Answers {
    validate: String,
    describe: String,
    plan: String,
}

#[test]
fn python_answers_each_fixture_as_rust_does() {
    let package = Package::python();
    let objects = Objects::write();

    let said = package.output(
        "venv/bin/python",
        &[
            Path::new("answers.py"),
            objects.directory(),
            &fixtures("workspace"),
        ],
    );

    compare(&objects, &said);
}

#[test]
fn node_answers_each_fixture_as_rust_does() {
    let package = Package::node();
    let objects = Objects::write();

    let said = package.output(
        "node",
        &[
            Path::new("answers.js"),
            objects.directory(),
            &fixtures("workspace"),
        ],
    );

    compare(&objects, &said);
}

#[test]
fn program_prints_the_canonical_plan_and_diagnostics() {
    let workplace = Workplace::new();
    let objects = Objects::write();
    for (name, answers) in &objects.answers {
        let file = objects.directory().join(name);
        let file = file.to_str().expect("a temporary path is text");
        let workspace = fixtures("workspace");
        let workspace = workspace.to_str().expect("the checkout's path is text");

        if name.starts_with("valid.") {
            let plan = workplace.run(&["plan", file, "--directory", workspace], b"");
            // The printed form names its version besides.
            let answer: BuildPlan = serde_json::from_str(&answers.plan).expect("a plan");
            assert_eq!(plan.expect(0).stdout, answer.print(), "{name}");
        }
        // What is no map at all is no request either: the program says so before it asks the planner.
        let text = fs::read_to_string(objects.directory().join(name)).expect("a file");
        if serde_json::from_str::<serde_json::Map<String, Value>>(&text).is_err() {
            continue;
        }
        let validated = workplace.run(&["validate", "--output-format", "json", file], b"");
        let (told, planned) = (without_lines(&validated.stdout), &answers.validate);
        // What may be a secret is masked in what the program says of it; `masking.rs` has that.
        if text.contains("buildkit_s") {
            assert_eq!(places(&told), places(planned), "{name}");
        } else {
            assert_eq!(told, *planned, "{name}");
        }
    }
}

#[test]
fn python_package_passes_its_own_suite_and_its_types_hold() {
    let package = Package::python();

    package.run("venv/bin/python", &["-m", "unittest"]);
    package.run("venv/bin/python", &["-m", "mypy"]);
}

#[test]
fn node_package_passes_its_own_suite_and_its_types_hold() {
    let package = Package::node();

    package.run("node", &["--test", "test/"]);
    package.run("node_modules/.bin/tsc", &["--project", "."]);
}

#[test]
fn playground_passes_its_own_suite() {
    let package = Package::browser();
    let _ = package.playground();

    package.run("node", &["--test", "test/"]);
}

#[test]
fn commands_that_the_playground_shows_build_what_the_plan_says() {
    let workplace = Workplace::new();
    workplace.write("src/Dockerfile", DOCKERFILE);
    fs::copy(busybox(), workplace.path("src/busybox")).expect("a copy");
    workplace.write("token", "hidden");
    for output in ["tests", "cache"] {
        fs::create_dir(workplace.path(output)).expect("a directory");
    }
    workplace.write(
        "request.json",
        r#"{"context": "src", "output": "image", "build_args": ["WORD=it's $HOME"], "labels": ["a.b=c\"d"], "cache": true,
            "target": "last", "additional_targets": ["tests"], "unpack_rootfs": true, "compression_level": "12", "buildkit_secrets": {"token": "token"}}"#,
    );
    let plan = workplace.run(&["plan", "request.json"], b"").expect(0);
    workplace.write("plan.json", &plan.stdout);
    let package = Package::browser();
    let code = "import { readFileSync } from 'node:fs';
        import { buildctl } from './src/buildctl.js';
        process.stdout.write(buildctl(JSON.parse(readFileSync(process.argv[1], 'utf8'))));";
    let plan = workplace.path("plan.json");
    let plan = plan.to_str().expect("a temporary path is text");
    let script = package.output("node", &["--input-type=module", "--eval", code, plan]);
    drop(package);

    let rival = Rival::start();
    rival.shell(&workplace.path(""), &script);
    // Once more: now there is a cache to import.
    rival.shell(&workplace.path(""), &script);

    let image = Archive::read(&workplace.path("image/image.tar"));
    assert_eq!(image.text("word"), "it's $HOME\n");
    assert_eq!(image.text("token"), "hidden");
    assert_eq!(image.config["config"]["Labels"]["a.b"], "c\"d");
    assert_eq!(workplace.read("image/rootfs/word"), "it's $HOME\n");
    let tests = Archive::read(&workplace.path("tests/image.tar"));
    assert!(tests.entry("word").is_none());
    assert!(workplace.path("cache/index.json").exists());
}

const DOCKERFILE: &str = r#"
FROM scratch AS tests
COPY busybox /bin/busybox
FROM tests AS last
ARG WORD
RUN --mount=type=secret,id=token ["/bin/busybox", "sh", "-c", "echo \"$WORD\" > /word; /bin/busybox cp /run/secrets/token /token"]
"#;

/// What stands where, of diagnostics.
fn places(diagnostics: &str) -> Vec<[Value; 3]> {
    let diagnostics: Vec<Value> = serde_json::from_str(diagnostics).expect("diagnostics");
    let place = |one: &Value| ["code", "severity", "place"].map(|key| one[key].clone());
    diagnostics.iter().map(place).collect()
}

/// Diagnostics as the program prints them, without what it adds: the file, and lines and columns.
fn without_lines(printed: &str) -> String {
    let diagnostics: Vec<Diagnostic> = serde_json::from_str(printed)
        .unwrap_or_else(|error| panic!("not a list of diagnostics: {error}: {printed}"));
    canonical(&diagnostics)
}

/// Every request of the fixtures as the planner is given it, in a directory, and what Rust says of each.
pub(crate) struct Objects {
    directory: tempfile::TempDir,
    answers: BTreeMap<String, Answers>,
}

impl Objects {
    pub(crate) fn write() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let planner = Planner::load().expect("the planner loads");
        let mut answers = BTreeMap::new();
        for kind in ["valid", "invalid"] {
            for (name, object) in requests(kind) {
                let file = format!("{kind}.{name}.json");
                fs::write(directory.path().join(&file), object.text()).expect("a file");
                let said = said_by_rust(&planner, &object);
                assert_eq!(shortened(&said.plan), committed(kind, &name), "{file}");
                answers.insert(file, said);
            }
        }
        assert!(answers.len() > 50, "the fixtures were found");
        Self { directory, answers }
    }

    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }
}

fn said_by_rust(planner: &Planner, object: &MaskedObject) -> Answers {
    let directory = WorkingDirectory::open(fixtures("workspace")).expect("a directory");
    Answers {
        validate: canonical(&planner.validate(object).expect("an answer")),
        describe: match planner.describe(object).expect("an answer") {
            Ok(interface) => canonical(&interface),
            Err(diagnostics) => canonical(&diagnostics),
        },
        plan: match planner.plan(object, &directory) {
            Ok(plan) => canonical(plan.as_plan()),
            Err(Refusal::Mistakes(mistakes)) => canonical(&mistakes.diagnostics),
            Err(Refusal::Planner(error)) => panic!("an answer: {error}"),
        },
    }
}

/// The one text of an answer on which all hosts agree: that of `oci-image plan`, less the version of the printed form.
fn canonical(answer: &impl Serialize) -> String {
    serde_json::to_string_pretty(answer).expect("an answer is JSON") + "\n"
}

/// Compares what a host printed, a line an object, with what Rust says.
pub(crate) fn compare(objects: &Objects, printed: &str) {
    let mut seen = 0;
    for line in printed.lines() {
        let line: Value = serde_json::from_str(line).expect("a line is JSON");
        let name = line["name"].as_str().expect("a line has its name");
        let said: Answers = serde_json::from_value(line.clone()).expect("a line has the answers");
        assert_eq!(&said, &objects.answers[name], "{name}");
        seen += 1;
    }
    assert_eq!(seen, objects.answers.len());
}

/// Each request of a kind, by name: the files with one dot.
fn requests(kind: &str) -> Vec<(String, MaskedObject)> {
    let directory = fixtures("requests").join(kind);
    let entries = fs::read_dir(&directory).expect("the fixtures are committed");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    names
        .filter_map(|name| name.to_str()?.strip_suffix(".json").map(str::to_owned))
        .filter(|name| !name.contains('.'))
        .map(|name| {
            let bytes = fs::read(directory.join(format!("{name}.json"))).expect("a fixture");
            let text = String::from_utf8_lossy(&bytes);
            (name, mask(&text))
        })
        .collect()
}

/// The answer that is committed beside a request.
fn committed(kind: &str, name: &str) -> String {
    let answer = if kind == "valid" {
        "plan"
    } else {
        "diagnostics"
    };
    let path = fixtures("requests")
        .join(kind)
        .join(format!("{name}.{answer}.json"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn fixtures(part: &str) -> PathBuf {
    checkout().join("tests/fixtures").join(part)
}
