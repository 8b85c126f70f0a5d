use super::*;
use crate::failure::missing::ContextName;

fn tree(directory: &str) -> Vec<ContextName> {
    let names: &[&str] = match directory {
        "" => &["bin", "Dockerfile"],
        "bin" => &["start.sh", "other.sh", "plain.sh", "marked.sh", "tool"],
        _ => &[],
    };
    let name = |name: &&str| ContextName {
        name: (*name).into(),
        excluded: false,
    };
    names.iter().map(name).collect()
}

fn first_line(path: &str) -> Option<Vec<u8>> {
    match path {
        "bin/start.sh" => Some(b"#!/bin/sh\r\n".into()),
        "bin/other.sh" => Some(b"#!/bin/sh\n".into()),
        "bin/plain.sh" => Some(b"set -e\n".into()),
        "bin/marked.sh" => Some(b"\xef\xbb\xbf#!/bin/sh\n".into()),
        "bin/tool" => Some(b"\x7fELF\x02\x01".into()),
        _ => None,
    }
}

/// The hint for a RUN that failed with these last lines and this code, where the secret `npm` was given.
fn hint(instruction: &str, lines: &[&str], code: u32) -> String {
    let step = FailedStep {
        digest: "sha256:1".into(),
        number: 1,
        name: instruction.into(),
        error: "no".into(),
        tail: lines.iter().map(|line| (*line).into()).collect(),
        lines: lines.len() as u64,
    };
    let given = ["npm".to_owned()];
    let known = Known {
        context: Some(&tree),
        first_line: Some(&first_line),
        secrets: Some(&given),
        ..Known::default()
    };
    let hint = known.hint(&Failure {
        cause: &Cause::Other("no".into()),
        instruction: Some(instruction),
        step: Some(&step),
        exit_code: Some(code),
    });
    hint.unwrap_or_default()
}

fn of_lines(lines: &[&str]) -> String {
    hint("RUN x", lines, 1)
}

#[test]
fn a_secret_that_a_step_mounts_and_nobody_gave_is_told() {
    for mount in [
        "type=secret,id=deploy",
        "id=deploy,type=secret,mode=0400",
        "type=secret,target=/root/deploy",
    ] {
        let told = hint(&format!("RUN --mount={mount} cat x"), &[], 1);
        assert_eq!(
            told,
            "secret `deploy` is mounted, and was not given: give it in `buildkit_secrets` under that id (in a task: \
             `BUILDKIT_SECRET_deploy`); given are `npm`"
        );
    }
    for mount in [
        "type=secret,id=npm",
        "type=secret,id=$id",
        "type=cache,id=x",
        "type=secret",
    ] {
        assert_eq!(
            hint(&format!("RUN --mount={mount} cat x"), &[], 1),
            "",
            "{mount}"
        );
    }
}

#[test]
fn a_program_for_another_processor_is_known_by_what_is_printed() {
    for line in [
        "exec /bin/sh: exec format error",
        "/bin/bash: /x: cannot execute binary file: Exec format error",
        "/x: line 1: ELF\\xB7@: not found",
    ] {
        assert!(
            of_lines(&[line]).contains("an emulator is missing"),
            "{line}"
        );
    }
}

#[test]
fn a_script_that_a_shell_reads_with_its_carriage_returns_is_named() {
    for line in [
        "/opt/start.sh: set: line 1: illegal option -",
        "start.sh: line 4: syntax error: unexpected end of file (expecting \"then\")",
        "/opt/start.sh: 2: set: Illegal option -",
    ] {
        let told = of_lines(&[line]);
        assert!(
            told.starts_with("the lines of `bin/start.sh` end in carriage returns"),
            "{line}: {told}"
        );
    }
    assert_eq!(of_lines(&["/opt/other.sh: line 4: syntax error: no"]), "");
    assert_eq!(of_lines(&["start.sh: done"]), "");
}

#[test]
fn a_script_that_names_no_interpreter_is_no_program_for_another_processor() {
    let told = |path: &str| of_lines(&[&format!("exec /opt/{path}: exec format error")]);

    assert!(told("plain.sh").starts_with("`bin/plain.sh` does not begin with a line"));
    assert!(told("marked.sh").starts_with("`bin/marked.sh` begins with a byte order mark"));
    for path in ["tool", "other.sh", "elsewhere"] {
        assert!(told(path).contains("an emulator is missing"), "{path}");
    }
}

#[test]
fn a_builder_that_lacks_capabilities_is_told_what_it_lacks() {
    for reason in ["unable to apply caps", "unable to setup user: setgroups"] {
        let line = format!(
            "runc run failed: unable to start container process: {reason}: operation not permitted"
        );
        assert!(of_lines(&[&line]).contains("`--privileged`"), "{line}");
    }
    assert_eq!(of_lines(&["chown: x: operation not permitted"]), "");
}

#[test]
fn a_script_of_the_context_whose_first_line_ends_in_a_carriage_return_is_named() {
    for line in [
        "/bin/sh: /opt/start.sh: not found",
        "/bin/sh: 1: ./start.sh: not found",
        "exec /opt/start.sh: no such file or directory",
        "\x1b[31m/bin/bash: line 1: ./start.sh: No such file or directory\x1b[0m",
    ] {
        let told = of_lines(&["before", line]);
        assert!(
            told.starts_with("the first line of `bin/start.sh` ends in a carriage return"),
            "{line}: {told}"
        );
    }
    assert!(of_lines(&["env: 'bash\\r': No such file or directory"]).contains("carriage return"));
    assert_eq!(of_lines(&["/bin/sh: /opt/other.sh: not found"]), "");
    assert_eq!(of_lines(&["/bin/sh: gcc: not found"]), "");
}

#[test]
fn other_last_words_are_explained_and_most_are_not() {
    let no_shell = "runc run failed: unable to start container process: exec: \"/bin/sh\": stat /bin/sh: no such file \
                    or directory";
    assert!(of_lines(&[no_shell]).starts_with("this stage has no `/bin/sh`"));
    assert!(
        of_lines(&["/bin/sh: 1: /s.sh: Permission denied"])
            .starts_with("`/s.sh` may not be executed")
    );
    assert!(of_lines(&["wget: bad address 'a.test'"]).contains("`HTTP_PROXY`"));
    assert!(of_lines(&["curl: (6) Could not resolve host: a.test"]).contains("`HTTP_PROXY`"));
    for line in ["cat: x: Permission denied", "make: *** [all] Error 7", ""] {
        assert_eq!(of_lines(&[line]), "", "{line}");
    }
    assert!(hint("RUN x", &["make"], 137).contains("want of memory"));
    assert!(hint("RUN x", &["make"], 127).contains("the command is not there"));
}

#[test]
fn a_layer_that_is_not_what_its_digest_says_is_told_as_one() {
    let message = "failed to ensure compression type of \"gzip\": failed commit on ref \"layer-sha256:1\": unexpected \
                   commit digest sha256:2, expected sha256:1: failed precondition";

    let hint = of_message(message).unwrap_or_default();

    assert!(hint.starts_with("a layer of a base image is not"), "{hint}");
}

#[test]
fn what_lies_outside_of_the_context_cannot_be_copied() {
    let cause = Cause::MissingPath {
        path: "/x".into(),
        message: "no".into(),
    };
    let told = |instruction| {
        Known {
            context: Some(&tree),
            ..Known::default()
        }
        .hint(&Failure {
            cause: &cause,
            instruction,
            step: None,
            exit_code: None,
        })
    };

    for copy in [
        "[1/1] COPY ../x /",
        "COPY [\"a\", \"../x\", \"/\"]",
        "ADD a/../../x /",
        "RUN --mount=type=bind,source=../x,target=/x cat /x",
        "RUN --mount=target=/x,src=.. cat /x",
    ] {
        let hint = told(Some(copy)).unwrap();
        assert!(hint.starts_with("nothing outside of the context"), "{hint}");
    }
    assert!(
        told(Some("COPY x.. /"))
            .unwrap()
            .starts_with("the context has no `x`")
    );
    assert_eq!(told(Some("COPY --from=build ../x /")), None);
    assert_eq!(told(None), None);
}

#[test]
fn a_program_that_the_daemon_lacks_is_named() {
    let hint = |message| of_message(message).unwrap_or_default();

    let told = hint("exec: \"xz\": executable file not found in $PATH");

    assert!(told.starts_with("buildkitd runs `xz` for this"), "{told}");
    assert_eq!(hint("process \"xz\" did not complete successfully"), "");
}
