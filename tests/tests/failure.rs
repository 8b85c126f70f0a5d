//! Builds that fail: what a person is shown, the exit status, and that nothing half-made stays.

use oci_image_tests::workplace::{Run, Workplace};
use serde_json::json;

fn build(dockerfile: &str) -> (Workplace, Run) {
    let place = Workplace::new();
    place.dockerfile(dockerfile);
    let run = place.build(&json!({"context": "context", "output": "image"}));
    (place, run)
}

fn shows(run: &Run, parts: &[&str]) {
    for part in parts {
        assert!(run.stderr.contains(part), "no {part:?} in:\n{}", run.stderr);
    }
}

#[test]
fn failing_step_shows_its_lines_the_end_of_its_log_and_the_exit_code() {
    let (place, run) =
        build("BUSYBOX\nFROM busybox\n\nRUN echo the reason; \\\n    exit 7\nRUN echo never\n");

    assert_eq!(run.status, 1, "{}", run.stderr);
    shows(
        &run,
        &[
            "Dockerfile:6",
            "6 | >>> RUN echo the reason",
            "7 | >>>     exit 7",
            "the reason",
            "exit code: 7",
        ],
    );
    assert_eq!(place.names("image"), Vec::<String>::new());
    assert_eq!(place.leftovers(), Vec::<String>::new());
}

#[test]
fn dockerfile_that_does_not_parse_shows_the_line() {
    let (_, run) = build("FROM scratch\nCOPPY a b\n");

    assert_eq!(run.status, 1, "{}", run.stderr);
    shows(
        &run,
        &[
            "Dockerfile:2",
            ">>> COPPY a b",
            "unknown instruction: COPPY",
        ],
    );
}

#[test]
fn missing_file_in_copy_is_named_with_what_was_found() {
    let place = Workplace::new();
    place.write("context/readme.md", "");
    place.dockerfile("FROM scratch\nCOPY readme.txt /\n");

    let run = place.build(&json!({"context": "context", "output": "image"}));

    assert_eq!(run.status, 1, "{}", run.stderr);
    shows(
        &run,
        &["Dockerfile:2", "\"/readme.txt\": not found", "readme.md"],
    );
}

#[test]
fn unreachable_base_image_names_the_image() {
    let (_, run) = build("FROM 127.0.0.1:1/base/image:tag\n");

    assert_eq!(run.status, 1, "{}", run.stderr);
    shows(
        &run,
        &[
            "Dockerfile:1",
            ">>> FROM 127.0.0.1:1/base/image:tag",
            "127.0.0.1:1/base/image:tag",
            "connection refused",
        ],
    );
}

#[test]
fn failed_build_keeps_the_image_of_the_build_before() {
    let place = Workplace::new();
    place.dockerfile("FROM scratch\nCOPY busybox /\n");
    let object = json!({"context": "context", "output": "image"});
    let _ = place.build(&object).expect(0);
    let digest = place.read("image/digest");
    place.dockerfile("BUSYBOX\nFROM busybox\nRUN exit 1\n");

    let _ = place.build(&object).expect(1);

    assert_eq!(place.read("image/digest"), digest);
    assert_eq!(place.names("image"), ["digest", "image.tar"]);
}

#[test]
fn daemon_that_is_not_installed_is_an_error_that_says_what_to_install() {
    let place = Workplace::new();
    place.dockerfile("FROM scratch\nCOPY busybox /\n");
    let mut command = place.command(&["build"]);
    command.env("PATH", "/nowhere");

    let run = place.run_command(
        command,
        br#"{"object":{"context":"context","output":"image"},"response_path":"/dev/null"}"#,
    );

    assert_eq!(run.status, 3, "{}", run.stderr);
    shows(
        &run,
        &["error: buildkitd is not installed: install BuildKit"],
    );
}

#[test]
fn daemon_that_dies_at_start_is_an_error_with_the_end_of_its_log() {
    let place = Workplace::new();
    place.dockerfile("FROM scratch\nCOPY busybox /\n");
    let program = place.write("dying", "#!/bin/sh\necho the disk is on fire >&2\nexit 4\n");
    place.executable("dying");

    let run = place.send(
        &[
            "build",
            "--buildkitd",
            program.to_str().unwrap(),
            "--root",
            place.root().to_str().unwrap(),
        ],
        &json!({"context": "context", "output": "image"}),
    );

    assert_eq!(run.status, 3, "{}", run.stderr);
    shows(&run, &["the disk is on fire"]);
    assert_eq!(place.leftovers(), Vec::<String>::new());
}
