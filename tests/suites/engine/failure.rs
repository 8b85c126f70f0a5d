//! Builds that fail: what a person is shown, the exit status, and that nothing half-made stays.

use oci_image::boundary::handle::Directory;
use oci_image_tests::engine;
use oci_image_tests::workplace::{Run, Workplace};
use serde_json::{Value, json};

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
            "6 | / RUN echo the reason",
            "7 | |     exit 7",
            "  | the reason",
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
            "2 | COPPY a b",
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
            "1 | FROM 127.0.0.1:1/base/image:tag",
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

/// It unpacks archives for ADD with programs of its own machine.
#[test]
fn program_that_the_daemon_lacks_is_named() {
    let place = Workplace::new();
    place.write("context/archive.tar.xz", b"\xfd7zXZ\0\0\0");
    place.dockerfile("FROM scratch\nADD archive.tar.xz /\n");
    let mut command = place.command(&["build"]);
    command.env("PATH", engine::directory());

    let run = place.run_command(
        command,
        br#"{"object":{"context":"context","output":"image"},"response_path":"/dev/null"}"#,
    );

    assert_eq!(run.status, 1, "{}", run.stderr);
    shows(
        &run,
        &[
            " | ADD archive.tar.xz /",
            "hint: buildkitd runs `xz` for this, and finds none: install it where buildkitd runs",
        ],
    );
}

#[test]
fn daemon_that_dies_at_start_is_an_error_with_the_end_of_its_log() {
    let place = Workplace::new();
    place.dockerfile("FROM scratch\nCOPY busybox /\n");
    let script = "#!/bin/sh\nenv | grep -E '^(DOCKER|TMPDIR)' >&2\necho ::error::the disk is on fire >&2\nexit 4\n";
    let program = place.write("dying", script);
    place.executable("dying");
    let mut command = place.command(&[
        "build",
        "--buildkitd",
        program.to_str().unwrap(),
        "--root",
        place.root().to_str().unwrap(),
    ]);
    command.env(
        "DOCKER_AUTH_CONFIG",
        r#"{"auths":{"a.test":{"auth":"dTpo"}}}"#,
    );

    let run = place.run_command(
        command,
        br#"{"object":{"context":"context","output":"image"},"response_path":"/dev/null"}"#,
    );

    assert_eq!(run.status, 3, "{}", run.stderr);
    shows(&run, &["\n  | ::error::the disk is on fire\n", "TMPDIR="]);
    assert!(!run.stderr.contains("dTpo"), "{}", run.stderr);
    assert_eq!(place.leftovers(), Vec::<String>::new());
}

/// Builds in a place with these files of the context, and these keys of the object.
fn build_with(files: &[(&str, &[u8])], dockerfile: &str, more: Value) -> Run {
    let place = Workplace::new();
    for (path, contents) in files {
        place.write(&format!("context/{path}"), contents);
        place.executable(&format!("context/{path}"));
    }
    place.dockerfile(dockerfile);
    let mut object = json!({"context": "context", "output": "image"});
    for (key, value) in more.as_object().unwrap() {
        object[key] = value.clone();
    }
    place.build(&object)
}

/// Whether a line could be a command to a runner that reads this log.
fn is_command(line: &&str) -> bool {
    line.trim_start().starts_with("::")
}

#[test]
fn no_line_of_a_failing_build_is_a_command_of_its_step() {
    let (_, run) = build(
        "BUSYBOX\nFROM busybox\nRUN echo '::error::x'; echo '   ::add-mask::x'; \\\n    \
         printf '\\033]0;TITLE\\007\\342\\200\\256gnp\\n'; false\n",
    );

    assert_eq!(run.status, 1, "{}", run.stderr);
    assert_eq!(run.stderr.lines().find(is_command), None, "{}", run.stderr);
    shows(&run, &["  | ::error::x\n  |    ::add-mask::x\n  | gnp\n"]);
    assert!(!run.stderr.contains(['\u{1b}', '\u{7}', '\u{202e}']));
}

#[test]
fn names_in_an_archive_command_nothing() {
    let place = Workplace::new();
    place.dockerfile("ARG base=scratch\nFROM $base\n");
    let mut archive = tar::Builder::new(Vec::new());
    for _ in 0..2 {
        let mut header = tar::Header::new_gnu();
        header.set_size(0);
        let name = "a\n::set-output name=image::evil\n\u{1b}[2J\u{9b}2J\u{202e}";
        archive.append_data(&mut header, name, &b""[..]).unwrap();
    }
    place.write("base.tar", archive.into_inner().unwrap());

    let run = place
        .build(&json!({"context": "context", "output": "image", "image_args": ["base=base.tar"]}))
        .expect(1);

    shows(
        &run,
        &[
            "stands twice in `",
            r"a\n::set-output name=image::evil\n\u{1b}[2J",
        ],
    );
    assert_eq!(run.stderr.lines().find(is_command), None, "{}", run.stderr);
    let unruly = ['\u{1b}', '\u{9b}', '\u{202e}'];
    assert!(!run.stderr.contains(unruly), "{}", run.stderr);
}

#[test]
fn malformed_pattern_of_dockerignore_is_quoted_with_its_place() {
    for (list, pattern) in [
        ("docs\n[a-\n", "[a-"),
        ("docs\n a*/[b-\n", "a*/[b-"),
        ("docs\n!\n", "!"),
    ] {
        for name in [".dockerignore", "Dockerfile.dockerignore"] {
            let files: &[(&str, &[u8])] = &[(name, list.as_bytes()), ("abc/b", b"")];
            let run = build_with(files, "FROM scratch\nCOPY . /\n", json!({})).expect(1);

            let says = format!("`{pattern}` in `{name}` is not a pattern");
            shows(&run, &[&says, &format!("--> {name}:2:"), "\n2 | "]);
        }
    }
}

#[test]
fn copy_of_what_is_left_out_or_lies_outside_says_so() {
    let files: &[(&str, &[u8])] = &[(".dockerignore", b"# lists\ndocs\n"), ("docs/a", b"")];

    let left_out = build_with(files, "FROM scratch\nCOPY docs/a /\n", json!({})).expect(1);
    let outside = build_with(files, "FROM scratch\nCOPY ../a /\n", json!({})).expect(1);

    shows(
        &left_out,
        &["hint: `docs` exists, but `.dockerignore:2` (`docs`) excludes it"],
    );
    shows(
        &outside,
        &["hint: nothing outside of the context can be copied (`../a`)"],
    );
}

#[test]
fn frontend_that_cannot_be_resolved_is_no_base_image() {
    let (_, run) =
        build("# syntax=127.0.0.1:1/docker/dockerfile:1\nFROM scratch\nCOPY Dockerfile /\n");

    assert_eq!(run.status, 1, "{}", run.stderr);
    shows(
        &run,
        &[
            "error: cannot resolve the frontend `127.0.0.1:1/docker/dockerfile:1`",
            "hint: without that line buildkitd's own frontend is used",
        ],
    );
    assert!(!run.stderr.contains("base image"), "{}", run.stderr);
}

#[test]
fn secret_that_is_mounted_and_not_given_is_named_with_those_that_are() {
    let given = json!({"buildkit_secrets": {"npm": "context/Dockerfile"}});
    for mount in [
        "type=secret,id=deploy",
        "type=secret,id=deploy,required=true",
    ] {
        let dockerfile =
            format!("BUSYBOX\nFROM busybox\nRUN --mount={mount} cat /run/secrets/deploy\n");

        let run = build_with(&[], &dockerfile, given.clone()).expect(1);

        shows(
            &run,
            &[
                "secret `deploy` is mounted, and was not given",
                "given are `npm`",
            ],
        );
    }
}

#[test]
fn script_with_line_ends_of_windows_and_program_for_another_processor_are_explained() {
    // The beginning of a program for 64-bit ARM, and enough of it to be run.
    let mut program = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\xb7\0\x01\0\0\0".to_vec();
    program.resize(4096, 0);
    let files: &[(&str, &[u8])] = &[
        ("bin/start.sh", b"#!/bin/sh\r\ntrue\r\n"),
        ("program", &program),
    ];
    let step =
        |run: &str| format!("BUSYBOX\nFROM busybox\nCOPY bin/start.sh program /opt/\nRUN {run}\n");

    for run in ["/opt/start.sh", "[\"/opt/start.sh\"]"] {
        let run = build_with(files, &step(run), json!({})).expect(1);
        shows(
            &run,
            &["hint: the first line of `bin/start.sh` ends in a carriage return"],
        );
    }
    let run = build_with(files, &step("[\"/opt/program\"]"), json!({})).expect(1);
    shows(&run, &["hint: the program is made for another processor"]);
}

#[test]
fn dockerfile_whose_name_is_taken_for_a_pattern_is_explained() {
    for name in ["[a-", " a b"] {
        let files: &[(&str, &[u8])] = &[(name, b"FROM scratch\nCOPY Dockerfile /\n")];
        let more = json!({"dockerfile": format!("context/{name}")});

        let run = build_with(files, "", more).expect(1);

        shows(
            &run,
            &["hint: the daemon takes the name of a Dockerfile for a pattern"],
        );
    }
    let files: &[(&str, &[u8])] = &[("::error::x", b"FROM scratch\nCOPPY a b\n")];
    let run = build_with(files, "", json!({"dockerfile": "context/::error::x"})).expect(1);
    assert_eq!(run.stderr.lines().find(is_command), None, "{}", run.stderr);
    shows(&run, &["\n --> ::error::x:2:1\n"]);
}

#[test]
fn argument_that_is_not_declared_is_a_warning_with_what_was_probably_meant() {
    let arguments = json!({"build_args": ["VERSOIN=1", "HTTP_PROXY=x"]});

    let run = build_with(
        &[],
        "FROM scratch\nARG VERSION\nCOPY Dockerfile /\n",
        arguments,
    )
    .expect(0);

    let told: Vec<&str> = (run.stderr.lines())
        .filter(|line| line.starts_with("warning: "))
        .collect();
    let expected = "warning: argument `VERSOIN` is given, and no `ARG` of the Dockerfile declares it: did you mean `VERSION`?";
    assert_eq!(told, [expected]);
}

#[test]
fn wrong_pattern_is_named_and_is_the_fault_of_what_is_built() {
    for step in [
        "COPY [a- /",
        "RUN --mount=type=bind,source=[a-,target=/a true",
    ] {
        let (_, run) = build(&format!("FROM scratch\n{step}\n"));

        assert_eq!(run.status, 1, "{}", run.stderr);
        shows(
            &run,
            &["error: `[a-` is not a pattern: syntax error in pattern"],
        );
    }
}

#[test]
fn path_that_is_too_long_to_be_sent_is_the_fault_of_what_is_built() {
    let place = Workplace::new();
    place.dockerfile("FROM scratch\nCOPY . /\n");
    let mut directory = Directory::open(place.path("context")).unwrap();
    for _ in 0..20 {
        directory = directory.made("d".repeat(250)).unwrap();
    }
    let object = json!({"context": "context", "output": "image"});

    let run = place.build(&object).expect(1);
    place.write("context/.dockerignore", "d*\n");
    let _ = place.build(&object).expect(0);

    shows(
        &run,
        &[
            "` is 4266 bytes long below the directory that is sent, and the system takes 4095: shorten it, or leave it out \
             (`.dockerignore`)",
        ],
    );
}
