//! Pipelines: what is sound has no mistake, and a mistake is found at its line.
//!
//! `fixtures/pipelines/sound` has a pipeline for each construct of Concourse's grammar. Those in `wrong` have at the end of each line that is
//! wrong the code of the rule that it breaks. Further ones are generated (`oci_image_tests::pipeline`).

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use oci_image_schema::code::Code;
use oci_image_tests::engine::{checkout, program};
use oci_image_tests::pipeline::{Planted, generate};
use serde_json::Value;

/// How many pipelines are generated, of each kind.
const GENERATED: u64 = 200;

/// A file's name, a line and a code.
type Told = (String, usize, String);

fn validate(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(program());
    command.arg("validate").args(arguments);
    command.current_dir(directory).stdin(Stdio::null());
    command.output().unwrap()
}

/// What is told of the files in a directory.
fn told(directory: &Path) -> BTreeSet<Told> {
    let output = validate(directory, &["--output-format", "json", "."]);
    let entries: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let told = entries.iter().map(|entry| {
        let word = |key: &str| {
            entry[key]
                .as_str()
                .unwrap()
                .trim_start_matches("./")
                .to_owned()
        };
        let line = entry["start"]["line"].as_u64();
        (word("file"), line.unwrap() as usize, word("code"))
    });
    told.collect()
}

fn fixtures(name: &str) -> std::path::PathBuf {
    checkout().join("tests/fixtures/pipelines").join(name)
}

#[test]
fn sound_pipelines_have_no_mistake() {
    let folder = fixtures("sound");
    let names = fs::read_dir(&folder).unwrap();
    let names: Vec<String> = names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(names.len() >= 30, "{names:?}");

    assert_eq!(told(&folder), BTreeSet::new());
    for name in names {
        let output = validate(&folder, &["--output-format", "json", &name]);
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "[]\n", "{name}");
    }
}

#[test]
fn mistakes_of_a_pipeline_are_found_at_their_lines_and_nowhere_else() {
    let folder = fixtures("wrong");
    let mut expected = BTreeSet::new();
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let text = fs::read_to_string(&path).unwrap();
        for (index, line) in text.lines().enumerate() {
            let codes = line.rsplit_once(" # ").map(|(_, codes)| codes.split(", "));
            for code in codes.into_iter().flatten() {
                assert!(Code::from_name(code).is_some(), "{name}: {code}");
                expected.insert((name.to_owned(), index + 1, code.to_owned()));
            }
        }
    }
    assert!(expected.len() > 20);

    assert_eq!(told(&folder), expected);
}

#[test]
fn generated_pipelines_have_no_mistake_but_the_one_that_was_planted() {
    let directory = tempfile::tempdir().unwrap();
    let mut expected = BTreeSet::new();
    for seed in 0..GENERATED {
        let sound = generate(seed, None);
        fs::write(
            directory.path().join(format!("sound-{seed}.yml")),
            &sound.text,
        )
        .unwrap();
        let kind = Planted::ALL[seed as usize % Planted::ALL.len()];
        let wrong = generate(seed, Some(kind));
        let name = format!("wrong-{seed}.yml");
        fs::write(directory.path().join(&name), &wrong.text).unwrap();
        let (line, code) = wrong.planted.unwrap();
        expected.insert((name, line, code.to_owned()));
    }

    let told = told(directory.path());

    let text = |(name, ..): &Told| fs::read_to_string(directory.path().join(name)).unwrap();
    if let Some(wrong) = told.symmetric_difference(&expected).next() {
        panic!("{wrong:?}, of {} in all:\n{}", told.len(), text(wrong));
    }
}

#[test]
fn directory_is_read_as_far_as_it_is_ours_and_the_rest_is_counted() {
    let top = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = top.path().join("a").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let pipeline = fs::read_to_string(fixtures("wrong").join("context.yml")).unwrap();
    write("ci/deep/pipeline.yaml", &pipeline);
    write("request.yml", "context: .\noutput: image\ntarget: a b\n");
    write(
        "task.yml",
        "platform: linux\nrun: {path: build}\nparams: {CONTEXT: ., UNPACK_ROOTFS: x}\n",
    );
    write("broken.yml", "image: oci-build-task\n  jobs: [\n");
    write("unit.yml", "platform: linux\nrun: {path: make}\n");
    write("compose.yml", "services: {a: {context: .}}\n");
    write("chart.yml", "{{- if .Values.x }}\na: b\n");
    write("nothing.yml", "jobs: [{name: a, plan: [{get: b}]}]\n");
    write("request.json", "{}");
    write(".git/config.yml", "context: .\noutput: image\nx: y\n");
    fs::write(
        top.path().join("outside.yml"),
        "context: .\noutput: image\nx: y\n",
    )
    .unwrap();
    std::os::unix::fs::symlink("../outside.yml", top.path().join("a/link.yml")).unwrap();
    std::os::unix::fs::symlink(".", top.path().join("a/again")).unwrap();

    let text = validate(top.path(), &["a"]);
    let json = validate(top.path(), &["--output-format", "json", "a"]);

    assert_eq!((text.status.code(), json.status.code()), (Some(2), Some(2)));
    let stderr = String::from_utf8(text.stderr).unwrap();
    let count = "4 files judged, 5 files left: no request, no task that builds an image, no pipeline that has one\n";
    assert!(stderr.ends_with(count), "{stderr}");
    assert_eq!(json.stderr, b"");
    let entries: Vec<Value> = serde_json::from_slice(&json.stdout).unwrap();
    let files: Vec<&str> = entries
        .iter()
        .map(|entry| entry["file"].as_str().unwrap())
        .collect();
    assert_eq!(
        files,
        [
            "a/broken.yml",
            "a/ci/deep/pipeline.yaml",
            "a/request.yml",
            "a/task.yml"
        ]
    );
}

#[test]
fn pipeline_in_which_nothing_is_judged_says_so_and_is_no_request() {
    let top = tempfile::tempdir().unwrap();
    fs::write(top.path().join("pipeline.yml"), Code::NotARequest.wrong()).unwrap();
    let run = |arguments: &[&str]| {
        let output = Command::new(program())
            .args(arguments)
            .current_dir(top.path())
            .output();
        let output = output.unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };

    let said = "`pipeline.yml` has no task that builds an image, as far as it can be read here";
    let hint = ": `--directory DIR` reads the files of tasks too\n";
    assert_eq!(
        run(&["validate", "pipeline.yml"]),
        (Some(0), format!("{said}{hint}"))
    );
    let below = run(&["validate", "--directory", ".", "pipeline.yml"]);
    assert_eq!(below, (Some(0), format!("{said}\n")));
    let (status, stderr) = run(&["plan", "pipeline.yml"]);
    assert_eq!(status, Some(2));
    assert!(
        stderr.starts_with("error[not-a-request]: this is a pipeline"),
        "{stderr}"
    );
}

#[test]
fn what_has_one_right_answer_is_mended_and_the_rest_stays_as_it_is() {
    let top = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(top.path().join(name), text).unwrap();
    let sound = fs::read_to_string(fixtures("sound").join("inline.yml")).unwrap();
    let wrong = sound
        .replace("    privileged: true\n", "")
        .replace(
            "CONTEXT: source\n",
            "CONTEXT: source # kept\n\n        DOCKERFLE: source/Dockerfile\n        BUILD_ARG_VERSION: 1.10\n",
        )
        .replace("((registry.password))", "hunter2");
    let right = sound
        .replace(
            "CONTEXT: source\n",
            "CONTEXT: source # kept\n\n        DOCKERFILE: source/Dockerfile\n        BUILD_ARG_VERSION: \"1.10\"\n",
        )
        .replace("    privileged: true\n", "")
        .replace("  - task: build\n", "  - task: build\n    privileged: true\n")
        .replace("((registry.password))", "hunter2");
    write("pipeline.yml", &wrong);
    write(
        "request.json",
        "{\"context\": \".\", \"outptu\": \"image\", \"target\": \"a b\"}\n",
    );
    let files = ["pipeline.yml", "request.json"];

    let shown = validate(top.path(), &[&["--fix"], &files[..]].concat());
    let unchanged = fs::read_to_string(top.path().join("pipeline.yml")).unwrap();
    let written = validate(top.path(), &[&["--fix", "--write"], &files[..]].concat());

    assert_eq!(unchanged, wrong);
    let patch = String::from_utf8(shown.stdout).unwrap();
    for line in [
        "--- pipeline.yml\n+++ pipeline.yml\n@@ -",
        "\n   - task: build\n+    privileged: true\n     config:\n",
        "\n-        DOCKERFLE: source/Dockerfile\n-        BUILD_ARG_VERSION: 1.10\n+        DOCKERFILE: source/Dockerfile\n",
        "\n+        BUILD_ARG_VERSION: \"1.10\"\n",
        "\n+{\"context\": \".\", \"output\": \"image\", \"target\": \"a b\"}\n",
    ] {
        assert!(patch.contains(line), "{line}\n{patch}");
    }
    assert!(!patch.contains("hunter2"), "{patch}");
    assert_eq!(shown.status.code(), Some(2));
    assert_eq!(
        fs::read_to_string(top.path().join("pipeline.yml")).unwrap(),
        right
    );
    let stderr = String::from_utf8(written.stderr).unwrap();
    assert!(stderr.starts_with("error[bad-target]"), "{stderr}");
    let told =
        "`pipeline.yml` is written with 3 changes\n`request.json` is written with 1 change\n";
    assert!(stderr.ends_with(told), "{stderr}");
    assert_eq!(
        (written.status.code(), &*written.stdout),
        (Some(2), &b""[..])
    );
}
