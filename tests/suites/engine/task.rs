//! `oci-image task`: a build by parameters in the environment, as a task of Concourse that ran `oci-build-task` says them.
//!
//! A folder of `fixtures/tasks/` is a case of wrong ones: `environment.json`, and `expected.txt`, what a person reads. `BLESS=1`
//! writes it anew.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use oci_image_schema::code::Code;
use oci_image_tests::archive::Archive;
use oci_image_tests::engine::{checkout, program};
use oci_image_tests::secrecy::Secrets;
use oci_image_tests::workplace::{Run, Workplace};
use serde_json::{Value, json};

const SECRET: &str = "xyzzy-text-4c1d7e";

const STAGES: &str = "\
BUSYBOX
FROM busybox AS tests
RUN echo tested > /tested

FROM busybox AS app
ARG VERSION
ARG LINES
ARG MODE=none
RUN echo \"$VERSION $MODE\" > /version; echo \"$LINES\" > /lines
ENV MODE=$MODE

FROM busybox AS last
RUN false
";

/// The program with a task's parameters and this place's daemon root.
fn task(place: &Workplace, parameters: &[(&str, &str)]) -> Command {
    let mut command = place.command(&["task"]);
    command
        .env("OCI_IMAGE_ROOT", place.root())
        .envs(parameters.iter().copied());
    command
}

fn run(place: &Workplace, parameters: &[(&str, &str)]) -> Run {
    place.run_command(task(place, parameters), b"")
}

fn config(place: &Workplace, archive: &str) -> Value {
    Archive::read(&place.path(archive)).config
}

#[test]
fn parameters_build_the_image_of_the_object_that_means_the_same() {
    let place = Workplace::new();
    place.dockerfile(STAGES);
    place.write("settings/labels", "from=file\n");
    fs::create_dir(place.path("tests")).unwrap();

    let by_object = place.build(&json!({
        "context": "context", "output": "image", "target": "app", "additional_targets": ["tests"], "unpack_rootfs": true,
        "build_args": ["MODE=fast", "LINES=one\ntwo", "VERSION=1=2"],
        "labels": ["title=a b"], "labels_file": "settings/labels",
    }));
    let _ = by_object.expect(0);
    let digests = || ["image/digest", "tests/digest"].map(|path| place.read(path));
    let of_object = digests();
    let metadata = place.read("image/metadata.json");
    for directory in ["image", "tests"] {
        fs::remove_dir_all(place.path(directory)).unwrap();
        fs::create_dir(place.path(directory)).unwrap();
    }
    let by_task = run(
        &place,
        &[
            ("CONTEXT", "context"),
            ("TARGET", "app"),
            ("ADDITIONAL_TARGETS", "tests"),
            ("UNPACK_ROOTFS", "True"),
            ("BUILD_ARGS", "MODE=fast"),
            ("BUILD_ARG_LINES", "one\ntwo"),
            ("BUILD_ARG_VERSION", "1=2"),
            ("LABEL_title", "a b"),
            ("LABELS_FILE", "settings/labels"),
            ("DOCKERFILE", ""),
        ],
    )
    .expect(0);

    assert_eq!(digests(), of_object);
    assert_eq!(place.read("image/metadata.json"), metadata);
    assert_eq!(place.read("image/rootfs/version"), "1=2 fast\n");
    assert_eq!(place.read("image/rootfs/lines"), "one\ntwo\n");
    assert_eq!(by_task.stdout, "");
    assert!(!by_task.stderr.contains("warning"), "{}", by_task.stderr);
    let labels = &config(&place, "image/image.tar")["config"]["Labels"];
    assert_eq!(*labels, json!({"title": "a b", "from": "file"}));
}

#[test]
fn context_is_the_working_directory_and_the_time_is_the_environments() {
    let place = Workplace::new();
    place.write(
        "Dockerfile",
        "FROM scratch\nARG SOURCE_DATE_EPOCH\nCOPY context/busybox /\n",
    );

    let _ = run(
        &place,
        &[("SOURCE_DATE_EPOCH", "1700000000"), ("debug", "0")],
    )
    .expect(0);

    let created = &config(&place, "image/image.tar")["created"];
    assert_eq!(created, "2023-11-14T22:13:20Z");
}

#[test]
fn cache_is_kept_where_the_task_has_one() {
    let place = Workplace::new();
    place.dockerfile("BUSYBOX\nFROM busybox\nRUN echo once\n");
    let parameters = [("CONTEXT", "context")];

    let _ = run(&place, &parameters).expect(0);
    assert!(!place.path("cache").exists());
    fs::create_dir(place.path("cache")).unwrap();
    let _ = run(&place, &parameters).expect(0);
    fs::remove_dir_all(place.root()).unwrap();
    let cached = run(&place, &parameters).expect(0);

    assert!(place.path("cache/index.json").exists());
    assert!(cached.stderr.contains("CACHED"), "{}", cached.stderr);
}

#[test]
fn text_of_a_secret_reaches_the_step_and_no_other_process() {
    let place = Workplace::new();
    let mark = place.mark();
    place.dockerfile(&format!(
        "BUSYBOX\nFROM busybox\nRUN --mount=type=secret,id=a.b md5sum < /run/secrets/a.b > /sum; sleep {mark} || true\n"
    ));
    let secrets = Secrets::new([SECRET]);
    let parameters = [("CONTEXT", "context"), ("BUILDKIT_SECRETTEXT_a.b", SECRET)];
    let child = task(&place, &parameters).spawn().unwrap();
    let step = format!("sleep {mark}");
    let sleeping = || {
        place
            .processes(&step)
            .into_iter()
            .find(|pid| is_sleep(*pid))
    };
    place.wait_for("the step to hold its secret", || sleeping().is_some());

    // Concourse gave it to the program itself: that cannot be undone.
    let own = PathBuf::from(format!("/proc/{}/environ", child.id()));
    let telling: Vec<PathBuf> = secrets
        .telling_processes()
        .into_iter()
        .filter(|file| *file != own)
        .collect();
    place.signal_process(sleeping().unwrap(), "SIGKILL");
    let run = place.finish(child).expect(0);

    assert_eq!(telling, Vec::<PathBuf>::new());
    assert_eq!(secrets.holders(&place.path("..")), Vec::<PathBuf>::new());
    assert!(!secrets.show_in(run.stderr.as_bytes()));
    let sum = Archive::read(&place.path("image/image.tar")).text("sum");
    assert_eq!(sum.split(' ').next().map(str::len), Some(32), "{sum}");
}

fn is_sleep(pid: u32) -> bool {
    fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line.starts_with(b"sleep\0"))
}

#[test]
fn program_called_build_is_a_task_where_it_is_sent_nothing() {
    let place = Workplace::new();
    place.dockerfile("FROM scratch\nCOPY busybox /\n");
    symlink(program(), place.path("../build")).unwrap();
    let called = |stdin: &[u8]| {
        let mut command = Command::new(place.path("../build"));
        let path = oci_image_tests::engine::path();
        let variables = [("CONTEXT", "context"), ("TARGET", "absent")];
        command
            .current_dir(place.path(""))
            .env("PATH", path)
            .envs(variables);
        command
            .env("OCI_IMAGE_ROOT", place.root())
            .env("TMPDIR", place.temporary());
        place.run_command(command, stdin)
    };

    let as_task = called(b"");
    let message =
        br#"{"object": {"context": "context", "output": "image"}, "response_path": "/dev/null"}"#;
    let as_prototype = called(message);
    let by_command = run_build_without_a_message(&place);

    assert!(
        as_task.stderr.contains("target stage \"absent\""),
        "{}",
        as_task.stderr
    );
    assert_eq!((as_task.status, as_prototype.status), (1, 0));
    assert!(
        by_command.stderr.contains("standard input is empty"),
        "{}",
        by_command.stderr
    );
    assert_eq!(by_command.status, 2);
}

#[test]
fn empty_variables_of_this_program_and_of_the_system_count_as_unset() {
    let place = Workplace::new();
    place.write("Dockerfile", "FROM scratch\nCOPY context/busybox /\n");
    let empty = ["ROOT", "BUILDKITD", "RUNTIME", "ROOTLESSKIT"]
        .map(|name| (format!("OCI_IMAGE_{name}"), ""));
    let mut command = place.command(&["task"]);
    command.envs(empty);

    let _ = place.run_command(command, b"").expect(0);

    // There is no `/scratch` where tests run, so the root was made in the temporary directory.
    assert!(place.path("image/image.tar").exists());
    assert!(place.temporary().join("buildkitd").exists() || Path::new("/scratch").exists());
}

fn run_build_without_a_message(place: &Workplace) -> Run {
    let mut command = place.command(&["build"]);
    command.env("CONTEXT", "context");
    place.run_command(command, b"")
}

#[test]
fn task_file_builds_what_its_task_builds() {
    let place = Workplace::new();
    place.dockerfile(STAGES);
    place.write(
        "ci/task.yml",
        "platform: linux
image_resource: {type: registry-image, source: {repository: registry.example/oci-image}}
inputs: [{name: context}]
outputs: [{name: image}]
params:
  CONTEXT: context
  TARGET: app
  BUILD_ARGS: MODE=fast
  BUILD_ARG_VERSION: 12
  BUILD_ARG_LINES: |-
    one
    two
run: {path: build}
",
    );
    let parameters = [
        ("CONTEXT", "context"),
        ("TARGET", "app"),
        ("BUILD_ARGS", "MODE=fast"),
        ("BUILD_ARG_VERSION", "12"),
        ("BUILD_ARG_LINES", "one\ntwo"),
    ];

    let _ = run(&place, &parameters).expect(0);
    let by_task = place.read("image/digest");
    fs::remove_file(place.path("image/digest")).unwrap();
    let root = place.root();
    let arguments = [
        "build",
        "--file",
        "ci/task.yml",
        "--root",
        root.to_str().unwrap(),
    ];
    let _ = place.run(&arguments, b"").expect(0);

    assert_eq!(place.read("image/digest"), by_task);
}

/// What README shows to be pasted, from the line that begins with `first`.
fn shown(first: &str) -> String {
    let readme = fs::read_to_string(checkout().join("README.md")).unwrap();
    let indented = format!("    {first}");
    readme
        .lines()
        .skip_while(|line| !line.starts_with(&indented))
        .map_while(|line| line.strip_prefix("    "))
        .map(|line| format!("{line}\n"))
        .collect()
}

#[test]
fn task_of_the_readme_is_sound_and_builds_on_its_base() {
    let place = Workplace::new();
    let task = shown("platform: ");
    assert!(task.ends_with("run: {path: build}\n"), "{task}");
    place.write("task.yml", task);
    place.write("src/Dockerfile", shown("ARG base="));
    place.write("src/program", "program\n");
    place.dockerfile("FROM scratch\nCOPY busybox /bin/busybox\n");
    let _ = run(&place, &[("CONTEXT", "context")]).expect(0);
    fs::rename(place.path("image"), place.path("base")).unwrap();
    for directory in ["image", "cache"] {
        fs::create_dir(place.path(directory)).unwrap();
    }

    let judged = place
        .run(&["validate", "task.yml", "--directory", "."], b"")
        .expect(0);
    let root = place.root();
    let root = root.to_str().unwrap();
    let built = place
        .run(&["build", "--file", "task.yml", "--root", root], b"")
        .expect(0);

    assert_eq!(judged.stderr, "");
    assert!(!built.stderr.contains("warning"), "{}", built.stderr);
    let archive = Archive::read(&place.path("image/image.tar"));
    assert_eq!(archive.text("app/program"), "program\n");
    assert!(archive.entry("bin/busybox").is_some());
    assert!(place.path("cache/index.json").exists());
}

#[test]
fn variable_of_concourse_is_no_mistake_until_the_file_is_built() {
    let place = Workplace::new();
    place.dockerfile("FROM scratch\n");
    let rule = Code::UnfilledVariable;
    for (example, is_refused) in [(rule.wrong(), true), (rule.right(), false)] {
        let file = format!(
            "platform: linux\nrun: {{path: build}}\nparams:\n  CONTEXT: context\n  {example}\n"
        );
        place.write("task.yml", file);

        let judged = place
            .run(&["validate", "task.yml", "--directory", "."], b"")
            .expect(0);
        let planned = place
            .run(&["plan", "task.yml"], b"")
            .expect(if is_refused { 2 } else { 0 });
        let built = is_refused.then(|| place.run(&["build", "--file", "task.yml"], b"").expect(2));

        assert_eq!(judged.stderr, "");
        let told = "error[unfilled-variable]: `TARGET` has a variable that only Concourse fills in\n --> task.yml:5:11\n";
        assert_eq!(
            planned.stderr.starts_with(told),
            is_refused,
            "{}",
            planned.stderr
        );
        assert!(built.is_none_or(|run| run.stderr == planned.stderr));
    }
}

#[test]
fn examples_of_the_rules_about_task_files_hold() {
    let place = Workplace::new();
    for code in [Code::OtherProgram, Code::RewrittenValue] {
        for (example, breaks) in [(code.wrong(), true), (code.right(), false)] {
            let file = if example.starts_with("run") {
                format!("platform: linux\n{example}\n")
            } else {
                format!("platform: linux\nrun: {{path: build}}\nparams: {{{example}}}\n")
            };
            place.write("task.yml", file);

            let judged = place.run(&["validate", "task.yml"], b"").expect(0);

            let told = judged.stderr.contains(&format!("[{code}]"));
            assert_eq!(told, breaks, "{}", judged.stderr);
        }
    }
}

#[test]
fn files_of_a_task_that_is_left_open_are_nobodys_mistake() {
    let place = Workplace::new();
    place.write(
        "task.yml",
        "platform: linux\nrun: {path: build}\nparams: {CONTEXT: ((context)), TARGET: my stage}\n",
    );

    let run = place
        .run(&["validate", "task.yml", "--directory", "."], b"")
        .expect(2);

    assert_eq!(run.stderr.matches("error[").count(), 1, "{}", run.stderr);
    assert!(
        run.stderr.starts_with("error[bad-target]"),
        "{}",
        run.stderr
    );
}

#[test]
fn wrong_parameters_read_as_expected() {
    let cases = fs::read_dir(checkout().join("tests/fixtures/tasks")).unwrap();
    let mut compared = 0;
    for folder in cases.map(|entry| entry.unwrap().path()) {
        let text = fs::read_to_string(folder.join("environment.json")).unwrap();
        let environment: BTreeMap<String, String> = serde_json::from_str(&text).unwrap();
        let place = Workplace::new();
        let mut command = place.command(&["task"]);
        command
            .envs(&environment)
            .env_remove("NO_COLOR")
            .env_remove("CLICOLOR_FORCE");
        let run = place.run_command(command, b"").expect(2);
        let expected = folder.join("expected.txt");
        if std::env::var_os("BLESS").is_some() {
            fs::write(&expected, &run.stderr).unwrap();
        }
        assert_eq!(run.stderr, fs::read_to_string(expected).unwrap_or_default());
        assert!(!run.stderr.contains("hunter2"));
        compared += 1;
    }
    assert_eq!(compared, 2);
}

#[test]
fn name_that_is_nearly_a_parameters_is_told_and_another_is_not() {
    let rule = Code::UnknownParameter;
    for (example, is_told) in [
        (rule.wrong(), true),
        (rule.right(), false),
        ("PATHS: x", false),
    ] {
        let (name, value) = example.split_once(": ").unwrap();
        let place = Workplace::new();
        let run = run(&place, &[(name, value)]).expect(2);
        assert_eq!(
            run.stderr.contains("[unknown-parameter]"),
            is_told,
            "{}",
            run.stderr
        );
    }
}

#[test]
fn text_that_is_not_utf_8_is_told_with_its_place() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let place = Workplace::new();
    let mut command = task(&place, &[("CONTEXT", "context")]);
    command.env("LABEL_title", OsStr::from_bytes(b"caf\xe9"));

    let run = place.run_command(command, b"").expect(2);

    assert!(
        run.stderr.contains("`LABEL_title` is not UTF-8: byte 3"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("$LABEL_title:1:16"), "{}", run.stderr);
}

#[test]
fn progress_for_programs_names_the_parameter() {
    let place = Workplace::new();
    let mut command = place.command(&["task", "--progress", "json"]);
    command
        .env("CONTEXT", "context")
        .env("IMAGE_PLATFORM", "amd46");

    let run = place.run_command(command, b"").expect(2);

    let first: Value = serde_json::from_str(run.stderr.lines().next().unwrap()).unwrap();
    assert_eq!(first["event"], "diagnostic");
    let of =
        ["code", "file", "pointer"].map(|key| first[key].as_str().unwrap_or_default().to_owned());
    assert_eq!(of, ["missing-path", "$CONTEXT", "/context"]);
}
