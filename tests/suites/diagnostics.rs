//! What people and programs are told about wrong requests: pairs of files, compared whole, and what holds for all of them.
//!
//! A folder of `diagnostics/` is a case: `request.json` or `request.yaml`, or `message.json` for standard input; with `workspace/`, the
//! files that the request names are looked at too. `expected.txt` is what a person reads, `expected.json` what a program
//! does, with one word for the list of all keys. `BLESS=1` writes both anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use oci_image::planner::{Planner, mask};
use oci_image_guest::workspace::{Entry, FileError, Workspace};
use oci_image_schema::code::Code;
use oci_image_schema::diagnostic::Severity;
use oci_image_tests::allowed::shortened;
use oci_image_tests::engine::{checkout, program};
use serde_json::{Value, json};

/// Codes that no small file shows, and the test that does.
const SHOWN_ELSEWHERE: &[(&str, &str)] = &[
    (
        "unknown-parameter",
        "name_that_is_nearly_a_parameters_is_told_and_another_is_not",
    ),
    (
        "unfilled-variable",
        "variable_of_concourse_is_no_mistake_until_the_file_is_built",
    ),
    (
        "not-a-request",
        "pipeline_in_which_nothing_is_judged_says_so_and_is_no_request",
    ),
    ("object-too-large", "object_that_is_too_large_is_told_so"),
    ("too-many-elements", "object_that_is_too_large_is_told_so"),
    ("too-long", "object_that_is_too_large_is_told_so"),
    ("too-many-mistakes", "object_that_is_too_large_is_told_so"),
    ("secret-too-large", "object_that_is_too_large_is_told_so"),
    // Only where a builder is named: `engine/fleet/verified.rs`.
    (
        "setting-of-builder",
        "a_builder_that_is_not_ours_to_set_is_not_set",
    ),
    // Only the frontend knows: `engine/inspection.rs`.
    (
        "unbuildable-dockerfile",
        "check_is_silent_where_nothing_is_to_be_told_and_has_the_forms_of_validate",
    ),
    ("undeclared-argument", CHECK),
    ("unused-secret", CHECK),
    ("missing-secret", CHECK),
    ("absent-secret", CHECK),
    ("absent-agent", CHECK),
    (
        "missing-agent",
        "step_that_requires_an_agent_is_told_as_an_error",
    ),
];

/// The test that shows most of what a frontend knows.
const CHECK: &str = "check_tells_what_is_unwise_and_what_does_not_go_together_each_at_its_place";

/// A run of the program.
struct Run {
    status: i32,
    stdout: String,
    stderr: String,
}

fn run(directory: &Path, arguments: &[&str], stdin: Option<&Path>) -> Run {
    let stdin = stdin.map_or_else(Stdio::null, |path| fs::File::open(path).unwrap().into());
    let output = Command::new(program())
        .args(arguments)
        .current_dir(directory)
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE")
        .stdin(stdin)
        .output()
        .unwrap();
    Run {
        status: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// `oci-image validate` of a text in a directory of its own.
fn validate(name: &str, text: &str, arguments: &[&str]) -> Run {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join(name), text).unwrap();
    let arguments = [&["validate", name], arguments].concat();
    run(directory.path(), &arguments, None)
}

fn cases() -> Vec<(String, PathBuf)> {
    let folder = checkout().join("tests/fixtures/diagnostics");
    let mut cases: Vec<(String, PathBuf)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), path))
        .collect();
    cases.sort();
    cases
}

/// `oci-image validate` of a case.
fn run_case(folder: &Path, form: &str) -> Run {
    let request = ["request.json", "request.yaml"]
        .into_iter()
        .find(|name| folder.join(name).exists());
    let message = folder.join("message.json");
    let mut arguments = vec!["validate", "--output-format", form];
    if folder.join("workspace").exists() {
        arguments.extend(["--directory", "workspace"]);
    }
    arguments.push(request.unwrap_or("-"));
    run(folder, &arguments, request.is_none().then_some(&message))
}

fn compare(path: &Path, found: &str) {
    if std::env::var_os("BLESS").is_some() {
        fs::write(path, found).unwrap();
    }
    let expected = fs::read_to_string(path).unwrap_or_default();
    assert_eq!(found, expected, "{}; BLESS=1 rewrites it", path.display());
}

#[test]
fn case_reads_as_expected() {
    for (_, folder) in cases() {
        let text = run_case(&folder, "text");
        compare(&folder.join("expected.txt"), &text.stderr);
        let json = run_case(&folder, "json");
        compare(&folder.join("expected.json"), &shortened(&json.stdout));

        assert_eq!((text.stdout.as_str(), json.stderr.as_str()), ("", ""));
        let wrong = entries(&json.stdout)
            .iter()
            .any(|entry| entry["severity"] == "error");
        let status = if wrong { 2 } else { 0 };
        assert_eq!(
            (text.status, json.status),
            (status, status),
            "{}",
            folder.display()
        );
    }
}

fn entries(json: &str) -> Vec<Value> {
    serde_json::from_str(json).unwrap()
}

/// Every entry of every case's `expected.json`.
fn expected() -> Vec<(String, Value)> {
    let of = |(name, folder): (String, PathBuf)| {
        let json = fs::read_to_string(folder.join("expected.json")).unwrap();
        entries(&json)
            .into_iter()
            .map(move |entry| (name.clone(), entry))
    };
    cases().into_iter().flat_map(of).collect()
}

#[test]
fn each_code_is_shown_by_a_case() {
    let shown: BTreeSet<String> = expected()
        .iter()
        .map(|(_, entry)| entry["code"].as_str().unwrap().to_owned())
        .collect();
    let elsewhere = |code: &Code| SHOWN_ELSEWHERE.iter().any(|(name, _)| code.name() == *name);

    let missing: Vec<&str> = Code::ALL
        .iter()
        .filter(|code| !elsewhere(code) && !shown.contains(code.name()))
        .map(|code| code.name())
        .collect();

    assert_eq!(missing, Vec::<&str>::new());
}

#[test]
fn no_secret_of_a_case_is_shown() {
    for (name, folder) in cases() {
        for file in ["expected.txt", "expected.json"] {
            let text = fs::read_to_string(folder.join(file)).unwrap();
            assert!(!text.contains("hunter2"), "{name}/{file}");
        }
    }
}

/// Requests with secrets, and their names.
const WITH_SECRETS: [(&str, &str); 4] = [
    (
        "json",
        r#"{"context": ".", "buildkit_secrets": {"a": {"text": "hunter2given"}, "b": "hunter2given"}, "output": ""}"#,
    ),
    (
        "yml",
        "context: ''\noutput: image\nbuildkit_secrets:\n  a:\n    text: hunter2given\n  b: {text: \"hunter2given\"}\n  c: hunter2given\n",
    ),
    (
        "task.yml",
        "platform: linux\nrun: {path: build}\nparams:\n  TARGET: a b\n  BUILDKIT_SECRETTEXT_a: hunter2given\n  BUILDKIT_SECRET_b: \"hunter2given\"\n",
    ),
    (
        "pipeline.yml",
        "resources:\n- name: a\n  source: {password: hunter2given, x: hunter2given}\njobs:\n- name: b\n  plan:\n  - task: c\n    config:\n      platform: linux\n      run: {path: build}\n      params: {TARGET: a b, CONTEXT: x, BUILDKIT_SECRETTEXT_a: hunter2given}\n    vars: {x: hunter2given}\n",
    ),
];

#[test]
fn secret_is_shown_in_no_form_whatever_sign_of_its_request_is_wrong() {
    let directory = tempfile::tempdir().unwrap();
    let mut names = Vec::new();
    for (form, sound) in WITH_SECRETS {
        for at in 0..sound.len() {
            for (index, sign) in ["", "\"", "\n", ":", " "].into_iter().enumerate() {
                let name = format!("{at}-{index}.{form}");
                let text = format!("{}{sign}{}", &sound[..at], &sound[at + 1..]);
                fs::write(directory.path().join(&name), text).unwrap();
                names.push(name);
            }
        }
    }
    // All forms are made of one report; the text shows most of it.
    for (form, step) in [("text", 1), ("json", 9), ("sarif", 9), ("github", 9)] {
        let names: Vec<&str> = names.iter().step_by(step).map(String::as_str).collect();
        let arguments = [
            &["validate", "--directory", ".", "--output-format", form],
            &names[..],
        ];
        let run = run(directory.path(), &arguments.concat(), None);

        assert_eq!(run.status, 2);
        for part in ["hunter2", "2given"] {
            let shown = [&run.stdout, &run.stderr].into_iter().find_map(|text| {
                let at = text.find(part)?;
                let start = text.floor_char_boundary(at.saturating_sub(600));
                Some(text[start..at + part.len()].to_owned())
            });
            assert_eq!(shown, None, "{form}");
        }
    }
}

#[test]
fn text_is_one_block_a_diagnostic_with_one_blank_line_between() {
    for (name, folder) in cases() {
        let text = fs::read_to_string(folder.join("expected.txt")).unwrap();
        assert!(
            !text.contains("\n\n\n") && !text.starts_with('\n'),
            "{name}"
        );
        assert!(
            text.is_empty() || text.ends_with('\n') && !text.ends_with("\n\n"),
            "{name}"
        );
        let driving = |sign: char| sign.is_control() && sign != '\n';
        assert!(!text.contains(driving), "{name}");
        let longest = text.lines().map(|line| line.chars().count()).max();
        assert!(longest.unwrap_or_default() < 200, "{name}: {longest:?}");
    }
}

#[test]
fn sarif_log_is_what_its_schema_wants() {
    // One pattern of the official schema has a bracket too many, and is no regular expression.
    let schema = sarif_schema().replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}$");
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut results = 0;
    for (name, folder) in cases() {
        let log: Value = serde_json::from_str(&run_case(&folder, "sarif").stdout).unwrap();

        let wrong: Vec<String> = validator
            .iter_errors(&log)
            .map(|error| format!("{error} at {}", error.instance_path()))
            .collect();

        assert_eq!(wrong, Vec::<String>::new(), "{name}");
        let run = &log["runs"][0];
        let json = entries(&fs::read_to_string(folder.join("expected.json")).unwrap());
        for (result, entry) in run["results"].as_array().unwrap().iter().zip(&json) {
            let rule = result["ruleIndex"].as_u64().unwrap() as usize;
            assert_eq!(run["tool"]["driver"]["rules"][rule]["id"], entry["code"]);
            assert_eq!(result["ruleId"], entry["code"]);
            let region = &result["locations"][0]["physicalLocation"]["region"];
            assert_eq!(region["startLine"], entry["start"]["line"]);
            assert_eq!(region["endColumn"], entry["end"]["column"]);
            results += 1;
        }
    }
    assert_eq!(results, expected().len());
}

#[test]
fn sarif_has_the_change_that_mends_a_mistake() {
    let directory = tempfile::tempdir().unwrap();
    let text = "context: .\noutptu: image # ü\nlabels:\n- a: b\ntarget: 5\n";
    fs::write(directory.path().join("a b.yml"), text).unwrap();
    let arguments = ["validate", "--output-format", "sarif", "a b.yml"];

    let log: Value = serde_json::from_str(&run(directory.path(), &arguments, None).stdout).unwrap();

    let results = log["runs"][0]["results"].as_array().unwrap();
    let of = |line: u64| {
        let mut results = results.iter();
        let found = results.find(|result| {
            let place = &result["locations"][0]["physicalLocation"];
            place["region"]["startLine"] == line
        });
        &found.unwrap()["fixes"]
    };
    let change = |line: u64, from: u64, to: u64, text: &str| {
        let region =
            json!({"startLine": line, "startColumn": from, "endLine": line, "endColumn": to});
        json!([{"artifactChanges": [{
            "artifactLocation": {"uri": "a%20b.yml"},
            "replacements": [{"deletedRegion": region, "insertedContent": {"text": text}}],
        }]}])
    };
    assert_eq!(*of(2), change(2, 1, 7, "output"));
    assert_eq!(*of(4), change(4, 3, 7, "a=b"));
    assert!(of(5).is_null(), "{}", of(5));
}

/// The official schema, which the crate `serde-sarif` carries; `make setup` fetches it.
fn sarif_schema() -> String {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .current_dir(checkout().join("tests/sarif"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages
        .iter()
        .find(|package| package["name"] == "serde-sarif")
        .unwrap();
    let manifest = Path::new(package["manifest_path"].as_str().unwrap());
    fs::read_to_string(manifest.with_file_name("src").join("schema.json")).unwrap()
}

#[test]
fn workflow_commands_are_one_line_a_diagnostic() {
    for (name, folder) in cases() {
        let commands = run_case(&folder, "github").stdout;
        let json = entries(&fs::read_to_string(folder.join("expected.json")).unwrap());

        let lines: Vec<&str> = commands.lines().collect();
        assert_eq!(lines.len(), json.len(), "{name}");
        for (line, entry) in lines.iter().zip(&json) {
            let level = entry["severity"].as_str().unwrap();
            assert!(
                line.starts_with(&format!("::{level} file=")),
                "{name}: {line}"
            );
            let code = entry["code"].as_str().unwrap();
            assert!(line.contains(&format!("title={code}::")), "{name}: {line}");
        }
    }
}

#[test]
fn several_requests_are_judged_in_one_run() {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("good.yml", "context: .\noutput: image\n"),
        ("bad.yml", "context: .\n"),
        (
            "odd.json",
            r#"{"context": ".", "output": "image", "target": ""}"#,
        ),
    ] {
        fs::write(directory.path().join(name), text).unwrap();
    }

    let files = ["good.yml", "bad.yml", "nothing.yml", "odd.json"];
    let text = run(
        directory.path(),
        &[&["validate"], &files[..]].concat(),
        None,
    );
    let json = run(
        directory.path(),
        &[&["validate", "--output-format=json"], &files[..]].concat(),
        None,
    );
    let good = run(
        directory.path(),
        &["validate", "good.yml", "odd.json"],
        None,
    );

    assert_eq!((text.status, json.status, good.status), (2, 2, 0));
    assert!(
        text.stderr.ends_with("\n\n2 of 4 requests are wrong\n"),
        "{}",
        text.stderr
    );
    let found: Vec<(String, String)> = entries(&json.stdout)
        .iter()
        .map(|entry| {
            let word = |key: &str| entry[key].as_str().unwrap().to_owned();
            (word("file"), word("code"))
        })
        .collect();
    let pair = |file: &str, code: &str| (file.to_owned(), code.to_owned());
    assert_eq!(
        found,
        [
            pair("bad.yml", "missing-key"),
            pair("nothing.yml", "unreadable-file"),
            pair("odd.json", "ignored-empty"),
        ]
    );
}

#[test]
fn format_is_the_names_else_the_first_signs_and_can_be_forced() {
    let yaml = "context: .\noutput: image\n";
    let json = "{\"context\": \".\", \"output\": \"image\",}";
    for (name, text, arguments, code) in [
        ("request.yml", yaml, &[][..], None),
        ("request", yaml, &[], None),
        ("request.json", yaml, &[], Some("invalid-json")),
        ("request.json", yaml, &["--format", "yaml"], None),
        ("request", json, &[], Some("invalid-json")),
        ("request.yaml", json, &[], None),
        ("request", json, &["--format=yaml"], None),
    ] {
        let run = validate(name, text, arguments);

        match code {
            None => assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{name}"),
            Some(code) => assert!(run.stderr.contains(code), "{name}: {}", run.stderr),
        }
    }
}

#[test]
fn colours_follow_the_conventions() {
    let coloured = |variables: &[(&str, &str)], arguments: &[&str]| {
        let mut command = Command::new(program());
        command
            .args(["validate"])
            .args(arguments)
            .stdin(Stdio::piped());
        for name in ["NO_COLOR", "CLICOLOR_FORCE", "CLICOLOR"] {
            command.env_remove(name);
        }
        let output = command
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        String::from_utf8(output.stderr).unwrap().contains('\u{1b}')
    };

    assert!(!coloured(&[], &[]), "not a terminal");
    assert!(coloured(&[], &["--color", "always"]));
    assert!(coloured(&[("CLICOLOR_FORCE", "1")], &[]));
    assert!(!coloured(&[("CLICOLOR_FORCE", "0")], &[]));
    assert!(!coloured(
        &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")],
        &[]
    ));
    assert!(coloured(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "")], &[]));
    assert!(!coloured(&[("CLICOLOR_FORCE", "1")], &["--color", "never"]));
}

#[test]
fn plan_takes_yaml_and_means_the_same_as_json() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("Dockerfile"), "FROM scratch\n").unwrap();
    fs::write(
        directory.path().join("request.yml"),
        "context: .\noutput: image\nbuild_args: &a [A=é]\nlabels: *a\nbuildkit_extra_config: |\n  [history]\n  maxEntries = 10\n",
    )
    .unwrap();
    fs::write(
        directory.path().join("request.json"),
        r#"{"context": ".", "output": "image", "build_args": ["A=é"], "labels": ["A=é"], "buildkit_extra_config": "[history]\nmaxEntries = 10\n"}"#,
    )
    .unwrap();

    let [yaml, json] =
        ["request.yml", "request.json"].map(|name| run(directory.path(), &["plan", name], None));

    assert_eq!(
        (yaml.status, json.status),
        (0, 0),
        "{}{}",
        yaml.stderr,
        json.stderr
    );
    let plan = |run: &Run| {
        let mut plan: Value = serde_json::from_str(&run.stdout).unwrap();
        plan["warnings"] = Value::Null; // their places differ
        plan
    };
    assert_eq!(plan(&yaml), plan(&json));
    assert_eq!(plan(&yaml)["version"], 1);
}

// --- explain ---------------------------------------------------------------------------------------------------------

/// What an example of a code stands in: files by path.
struct Files(BTreeMap<String, String>);

impl Workspace for Files {
    fn read_text(&self, path: &str) -> Result<String, FileError> {
        if path == "labels.tar" {
            return Err(FileError::NotText);
        }
        self.0.get(path).cloned().ok_or(FileError::NotFound)
    }

    fn entry_at(&self, path: &str) -> Result<Entry, FileError> {
        let below = format!("{path}/");
        Ok(if self.0.contains_key(path) {
            Entry::File
        } else if path == "." || self.0.keys().any(|file| file.starts_with(&below)) {
            Entry::Directory
        } else {
            Entry::Nothing
        })
    }
}

/// The codes that the planner gives for an example: a whole object, keys of one, or lines of a file that one names.
fn codes_of(code: Code, example: &str) -> BTreeSet<String> {
    let (example, remark) = example.split_once(" (").unwrap_or((example, ""));
    let mut files: BTreeMap<String, String> = [
        "Dockerfile",
        "ci/Dockerfile",
        "vendor/dep/x",
        "image/x",
        "labels.tar",
        "alpine/image.tar",
        "keys/deploy",
    ]
    .map(|path| (path.to_owned(), String::new()))
    .into();
    for (file, text) in [
        ("args.yml", "A: b"),
        ("labels.txt", "a=b"),
        ("stage.txt", "app"),
    ] {
        files.insert(file.to_owned(), text.to_owned());
    }
    if remark.starts_with("and the task") {
        files.extend(["cache/x", "app/x"].map(|path| (path.to_owned(), String::new())));
    }
    let mut keys = example.to_owned();
    let mut in_file = |file: &str, key: &str, text: String| {
        files.insert(file.to_owned(), text);
        keys = format!("\"{key}\": \"{file}\"");
    };
    match code {
        Code::InvalidYaml => in_file("args.yml", "build_args_file", example.to_owned()),
        Code::OddEntry => in_file("args", "build_args_file", example.to_owned()),
        Code::CarriageReturn if remark.is_empty() => {
            in_file("args", "build_args_file", example.to_owned());
        }
        Code::CarriageReturn => in_file("args", "build_args_file", format!("{example}\r\n")),
        Code::EmptyFile if example.starts_with('(') => {
            in_file("stage", "target_file", "\n \n".to_owned());
        }
        Code::EmptyFile => in_file("stage", "target_file", example.to_owned()),
        _ => {}
    }
    let object = whole(&keys);
    let diagnostics = match oci_image_guest::plan(&object, &Files(files)) {
        Ok(plan) => plan.warnings,
        Err(diagnostics) => diagnostics,
    };
    diagnostics
        .into_iter()
        .map(|diagnostic| diagnostic.code)
        .collect()
}

/// Keys of an object as an object, with the required ones that are not among them.
fn whole(keys: &str) -> String {
    if keys.starts_with('{') {
        return keys.to_owned();
    }
    let mut object = String::from("{");
    for (key, value) in [("context", "."), ("output", "image")] {
        if !keys.contains(&format!("\"{key}\":")) {
            object.push_str(&format!("\"{key}\": \"{value}\", "));
        }
    }
    object + keys + "}"
}

#[test]
fn each_codes_wrong_example_breaks_its_rule_and_the_right_one_does_not() {
    // Examples that no object of theirs can show: too large to print, or not of the planner.
    let described = |example: &str| example.starts_with('(');
    let mut offenders = Vec::new();
    for code in Code::ALL.iter().copied() {
        match code {
            Code::MalformedMessage | Code::NotARequest => continue, // below
            Code::UnsupportedYaml | Code::IgnoredYaml | Code::SwallowedItem => continue,
            Code::UnknownParameter | Code::UnfilledVariable => continue, // `task.rs`
            Code::OtherProgram | Code::RewrittenValue => continue,
            Code::UnprivilegedTask | Code::MissingArtifact | Code::PathOutsideInputs => continue, // `pipelines.rs`
            Code::EmptyOutput | Code::WrongImageFile => continue,
            _ => {}
        }
        if !described(code.wrong()) || code == Code::EmptyFile {
            let found = codes_of(code, code.wrong());
            if !found.contains(code.name()) {
                offenders.push(format!("{code}: the wrong example gives {found:?}"));
            }
        }
        if !described(code.right()) {
            let found = codes_of(code, code.right());
            let errors: Vec<&String> = found
                .iter()
                .filter(|name| {
                    let found = Code::from_name(name).unwrap();
                    found.severity() == Severity::Error || found == code
                })
                .collect();
            if !errors.is_empty() {
                offenders.push(format!("{code}: the right example gives {errors:?}"));
            }
        }
    }
    assert_eq!(offenders, Vec::<String>::new());
}

#[test]
fn examples_that_are_not_the_planners_hold_as_well() {
    let object = "context: .\noutput: image\n";
    for (code, start) in [
        (Code::UnsupportedYaml, object),
        (Code::IgnoredYaml, object),
        (Code::SwallowedItem, object),
    ] {
        for (example, breaks) in [(code.wrong(), true), (code.right(), false)] {
            let run = validate("request.yml", &format!("{start}{example}\n"), &[]);
            let told = run.stderr.contains(&format!("[{code}]"));
            assert_eq!(told, breaks, "{}", run.stderr);
        }
    }
    let message = Code::MalformedMessage;
    for (example, breaks) in [(message.wrong(), true), (message.right(), false)] {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("message");
        fs::write(&file, example).unwrap();
        let run = run(directory.path(), &["validate"], Some(&file));
        assert_eq!(
            run.stderr.contains("[malformed-message]"),
            breaks,
            "{}",
            run.stderr
        );
    }
}

#[test]
fn explain_knows_every_code_lists_them_and_guesses() {
    let here = checkout();
    let list = run(&here, &["explain"], None);
    assert_eq!(list.status, 0);
    for code in Code::ALL {
        let one = run(&here, &["explain", code.name()], None);
        assert_eq!(one.status, 0, "{code}");
        for text in [code.name(), code.rule(), code.wrong(), code.right()] {
            assert!(one.stdout.contains(text), "{code}: {}", one.stdout);
        }
        assert!(
            list.stdout.contains(&format!("{}  ", code.name())),
            "{code}"
        );
    }
    let miss = run(&here, &["explain", "unkown-kee"], None);
    assert_eq!(miss.status, 2);
    assert!(
        miss.stderr.contains("did you mean `unknown-key`?"),
        "{}",
        miss.stderr
    );
}

// --- size ------------------------------------------------------------------------------------------------------------

#[test]
fn object_that_is_too_large_is_told_so() {
    let list = |item: &str, separator: &str, count: usize| vec![item; count].join(separator);
    let key = |key: &str, value: &str| whole(&format!("\"{key}\": {value}"));
    let quoted = |text: &str| serde_json::to_string(text).unwrap();
    for (object, code) in [
        (
            key("target", &quoted(&"x".repeat(5 << 20))),
            "object-too-large",
        ),
        (
            key("labels", &format!("[{}]", list("\"a=b\"", ",", 10_001))),
            "too-many-elements",
        ),
        (
            key(
                "image_platform",
                &quoted(&list("linux/amd64", ",", 300_000)),
            ),
            "too-many-elements",
        ),
        (
            key("add_hosts", &quoted(&list("a=::1", ",", 600_000))),
            "too-many-elements",
        ),
        (
            key(
                "buildkit_extra_config",
                &quoted(&list("[a.b]", "\n", 500_000)),
            ),
            "too-long",
        ),
        (
            key("build_args", &format!("[{}]", list("\"\"", ",", 101))),
            "too-many-mistakes",
        ),
        (
            key(
                "buildkit_secrets",
                &format!("{{\"a\": {{\"text\": \"{}\"}}}}", "x".repeat(600_000)),
            ),
            "secret-too-large",
        ),
    ] {
        let run = validate("request.json", &object, &[]);

        assert_eq!(
            run.status,
            2,
            "{code}: {}",
            &run.stderr[..run.stderr.len().min(2000)]
        );
        assert!(run.stderr.contains(&format!("error[{code}]")), "{code}");
        assert!(
            run.stderr.len() < 200_000,
            "{code}: {} bytes",
            run.stderr.len()
        );
    }
}

/// Objects that are large in one way each, of about so many bytes.
fn pathological(bytes: usize) -> Vec<(&'static str, String)> {
    [large_lists(bytes), large_maps(bytes), large_texts(bytes)].concat()
}

fn large_lists(bytes: usize) -> Vec<(&'static str, String)> {
    let deep = format!("{}{}", "[".repeat(bytes / 2), "]".repeat(bytes / 2));
    let labels = joined(bytes / 12, |n| format!("\"l{n:06}=\""));
    let repeated = joined(bytes / 6, |_| "\"A=1\"".to_owned());
    vec![
        ("a deep list", whole(&format!("\"labels\": {deep}"))),
        ("a wide list", whole(&format!("\"labels\": [{labels}]"))),
        (
            "one build argument again and again",
            whole(&format!("\"build_args\": [{repeated}]")),
        ),
    ]
}

fn large_maps(bytes: usize) -> Vec<(&'static str, String)> {
    let count = bytes / 6;
    let deep = format!("{}1{}", "{\"a\":".repeat(count), "}".repeat(count));
    let unknown = joined(bytes / 14, |n| format!("\"key{n:06}\":1"));
    let repeated = joined(bytes / 13, |_| "\"target\":\"a\"".to_owned());
    vec![
        ("a deep map", whole(&format!("\"registries\": {deep}"))),
        ("unknown keys", whole(&unknown)),
        ("one key again and again", whole(&repeated)),
    ]
}

fn large_texts(bytes: usize) -> Vec<(&'static str, String)> {
    let string = |key: &str, text: &str| whole(&format!("\"{key}\": \"{text}\""));
    let escapes = "\\u0041".repeat(bytes / 12);
    let behind = format!("{escapes}{}", ",b".repeat(bytes / 4));
    let blanks = " ".repeat(bytes);
    vec![
        ("a long string", string("target", &"x".repeat(bytes))),
        (
            "a long string of escapes",
            string("add_hosts", &escapes.repeat(2)),
        ),
        (
            "a string of commas",
            string("image_platform", &",".repeat(bytes)),
        ),
        ("mistakes behind escapes", string("add_hosts", &behind)),
        ("blanks", blanks + &whole("\"debug\": true")),
        ("open brackets", "[".repeat(bytes)),
        ("open strings", "\"\\".repeat(bytes / 2)),
    ]
}

/// So many items with commas between.
fn joined(count: usize, item: impl Fn(usize) -> String) -> String {
    (0..count).map(item).collect::<Vec<String>>().join(",")
}

#[test]
fn work_grows_no_faster_than_the_object() {
    let planner = Planner::load().unwrap();
    let kib = 1 << 10;
    for ((name, small), (_, large)) in pathological(64 * kib)
        .into_iter()
        .zip(pathological(128 * kib))
    {
        let fuel = |object: &str| {
            let (diagnostics, fuel) = planner
                .validate_metered(&mask(object))
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(diagnostics.len() <= 101, "{name}");
            fuel
        };

        let (small, large) = (fuel(&small), fuel(&large));

        // What a call costs at all, an empty object's share, only makes the quotient smaller.
        assert!(
            large as f64 <= 2.2 * small as f64,
            "{name}: {small}, then {large}"
        );
    }
}
