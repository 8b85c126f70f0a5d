use super::*;
use crate::failure::missing::ContextName;
use oci_image_buildkit::failure::{LineRange, Source};
use oci_image_buildkit::registry::Origin;

fn step(number: u32, name: &str, error: &str, tail: &[&str]) -> FailedStep {
    FailedStep {
        digest: format!("sha256:{number}"),
        number,
        name: name.into(),
        error: error.into(),
        tail: tail.iter().map(|line| (*line).into()).collect(),
        lines: tail.len() as u64,
    }
}

fn report<'a>(failure: &'a SolveFailure, steps: &'a [FailedStep]) -> FailureReport<'a> {
    FailureReport {
        failure,
        steps,
        target: None,
        known: Known::default(),
        logins: &[],
        canvas: Canvas::plain(),
    }
}

fn dockerfile(text: &str, line: u32) -> Source {
    Source {
        filename: "Dockerfile".into(),
        data: text.into(),
        ranges: vec![LineRange {
            start: line,
            end: line,
        }],
    }
}

#[test]
fn a_process_that_fails_is_shown_with_step_lines_log_and_exit_code() {
    let failure = SolveFailure {
        message: "failed to solve: process \"/bin/sh -c make\" did not complete successfully: exit code: 7".into(),
        sources: vec![dockerfile("FROM base\nCOPY . .\nRUN make\n", 3)],
        vertex: Some("sha256:7".into()),
        exit_code: Some(7),
    };
    let mut failed = step(
        7,
        "[server 3/3] RUN make",
        "process failed",
        &["cc main.c", "", "Error 7"],
    );
    failed.lines = 1203;

    let text = FailureReport {
        target: Some("server"),
        ..report(&failure, std::slice::from_ref(&failed))
    }
    .text();

    assert_eq!(
        text,
        "error: process \"/bin/sh -c make\" did not complete successfully: exit code: 7\n  \
         step: [server 3/3] RUN make\n  target: `server`\n --> Dockerfile:3:1\n  |\n\
         1 | FROM base\n2 | COPY . .\n3 | RUN make\n  | ^^^^^^^^\nlast 3 of 1203 lines of the log:\n  | cc main.c\n  |\n  | Error 7\n"
    );
}

#[test]
fn a_token_that_was_not_given_belongs_to_the_image_that_was_looked_up_and_names_the_login() {
    let failure = SolveFailure {
        message: "no token of `auth.test`: it answers 401 Unauthorized: wrong".into(),
        vertex: Some("sha256:2".into()),
        ..SolveFailure::default()
    };
    let login = UsedLogin {
        host: "r.test".into(),
        username: "u".into(),
        origin: Origin::Variable("DOCKER_AUTH_CONFIG"),
        given: Given::Realm {
            server: "auth.test".into(),
            is_proven: true,
        },
    };
    for (name, image) in [
        (
            "[internal] load metadata for r.test/a:1",
            "base image `r.test/a:1`",
        ),
        (
            "resolve image config for docker-image://r.test/a:1",
            "frontend `r.test/a:1`, which the argument `BUILDKIT_SYNTAX` names",
        ),
    ] {
        let failed = step(2, name, "", &[]);
        let steps = std::slice::from_ref(&failed);
        let text = FailureReport {
            logins: std::slice::from_ref(&login),
            ..report(&failure, steps)
        }
        .text();

        let headline = format!(
            "error: cannot resolve the {image}: no token of `auth.test`: it answers 401 Unauthorized: wrong\n"
        );
        assert!(text.starts_with(&headline), "{text}");
        let told = "  login: registry `r.test` was given user `u` from `$DOCKER_AUTH_CONFIG`, at its realm `auth.test`\n";
        assert!(text.contains(told), "{text}");
        assert!(text.contains("registry `r.test` wants a login"), "{text}");
    }
}

#[test]
fn a_dockerfile_that_does_not_parse_needs_no_step() {
    let failure = SolveFailure {
        message: "dockerfile parse error on line 2: unknown instruction: RUNN (did you mean RUN?)"
            .into(),
        sources: vec![dockerfile("FROM scratch\nRUNN make\n", 2)],
        ..SolveFailure::default()
    };

    assert_eq!(
        report(&failure, &[]).text(),
        "error: dockerfile parse error on line 2: unknown instruction: RUNN (did you mean RUN?)\n --> Dockerfile:2:1\n  |\n\
         1 | FROM scratch\n2 | RUNN make\n  | ^^^^^^^^^\n"
    );
}

#[test]
fn a_missing_file_is_explained_by_the_context_and_others_that_failed_are_named() {
    let failure = SolveFailure {
        message: "failed to compute cache key: failed to calculate checksum of ref a::b: \"/src/mian.c\": not found"
            .into(),
        vertex: Some("sha256:5".into()),
        ..SolveFailure::default()
    };
    let steps = [
        step(
            4,
            "[3/3] COPY x /x",
            "failed to calculate checksum of ref a::b: \"/x\": not found",
            &[],
        ),
        step(5, "[2/3] COPY src/mian.c /src/", "not found", &[]),
    ];
    let context = |directory: &str| {
        let name = if directory.is_empty() {
            "src"
        } else {
            "main.c"
        };
        vec![ContextName {
            name: name.into(),
            excluded: false,
        }]
    };

    let text = FailureReport {
        known: Known {
            context: Some(&context),
            ..Known::default()
        },
        ..report(&failure, &steps)
    }
    .text();

    assert_eq!(
        text,
        "error: \"/src/mian.c\": not found\n  step: [2/3] COPY src/mian.c /src/\n  hint: `src/` has no `mian.c`: \
         did you mean `src/main.c`?\nalso failed: [3/3] COPY x /x\n  error: \"/x\": not found\n"
    );
}

#[test]
fn a_file_missing_in_another_stage_is_not_explained_by_the_context() {
    let failure = SolveFailure {
        message: "\"/out\": not found".into(),
        ..SolveFailure::default()
    };
    let steps = [step(5, "[2/2] COPY --from=build /out /", "not found", &[])];
    let context = |_: &str| panic!("the context was asked");

    let text = FailureReport {
        known: Known {
            context: Some(&context),
            ..Known::default()
        },
        ..report(&failure, &steps)
    }
    .text();

    assert_eq!(
        text,
        "error: \"/out\": not found\n  step: [2/2] COPY --from=build /out /\n"
    );
}

#[test]
fn without_a_step_the_lines_meant_tell_whether_the_context_explains_a_missing_file() {
    let context = |_: &str| {
        vec![ContextName {
            name: "out".into(),
            excluded: true,
        }]
    };
    let text = |instruction: &str| {
        let failure = SolveFailure {
            message: "\"/out\": not found".into(),
            sources: vec![dockerfile(instruction, 1)],
            ..SolveFailure::default()
        };
        FailureReport {
            known: Known {
                context: Some(&context),
                ..Known::default()
            },
            ..report(&failure, &[])
        }
        .text()
    };

    assert_eq!(
        text("COPY out /"),
        "error: \"/out\": not found\n  hint: `out` exists, but `.dockerignore` excludes it\n --> Dockerfile:1:1\n  |\n\
         1 | COPY out /\n  | ^^^^^^^^^^\n"
    );
    assert_eq!(
        text("COPY --from=build out /"),
        "error: \"/out\": not found\n --> Dockerfile:1:1\n  |\n\
         1 | COPY --from=build out /\n  | ^^^^^^^^^^^^^^^^^^^^^^^\n"
    );
}

#[test]
fn a_failure_of_which_nothing_is_known_is_one_line() {
    assert_eq!(
        report(&SolveFailure::default(), &[]).text(),
        "error: the daemon gives no reason\n"
    );
}

#[test]
fn an_exit_code_is_told_once_and_explained() {
    let text = |message: &str, code| {
        let failure = SolveFailure {
            message: message.into(),
            exit_code: Some(code),
            ..SolveFailure::default()
        };
        report(&failure, &[]).text()
    };

    assert_eq!(text("exit code: 1", 1), "error: exit code: 1\n");
    assert_eq!(text("no", 1), "error: no\nexit code: 1\n");
    assert_eq!(text("no", u32::MAX), "error: no\nexit code: unknown\n");
    assert!(text("no", 137).contains("hint: exit code 137: it was killed"));
}

#[test]
fn no_line_begins_with_a_text_from_outside() {
    let hostile = "::error::x";
    let failure = SolveFailure {
        message: hostile.into(),
        sources: vec![Source {
            filename: hostile.into(),
            ..dockerfile(hostile, 1)
        }],
        vertex: Some("sha256:1".into()),
        exit_code: Some(9),
    };
    let steps = [
        step(1, hostile, hostile, &[hostile, "   ::add-mask::x"]),
        step(2, hostile, hostile, &[]),
    ];

    let text = FailureReport {
        target: Some(hostile),
        ..report(&failure, &steps)
    }
    .text();

    let is_command = |line: &&str| line.trim_start().starts_with("::");
    assert_eq!(text.lines().find(is_command), None, "{text}");
    assert!(text.contains("\n  | ::error::x\n  |    ::add-mask::x\n"));
}

#[test]
fn colours_mark_the_error_and_the_lines_meant() {
    let failure = SolveFailure {
        message: "no".into(),
        sources: vec![dockerfile("FROM a\n", 1)],
        ..SolveFailure::default()
    };

    let text = FailureReport {
        canvas: Canvas {
            is_coloured: true,
            ..Canvas::plain()
        },
        ..report(&failure, &[])
    }
    .text();

    assert_eq!(
        text,
        "\x1b[1;31merror:\x1b[0m no\n \x1b[1m\x1b[94m--> \x1b[0mDockerfile:1:1\n  \x1b[1m\x1b[94m|\x1b[0m\n\
         \x1b[1m\x1b[94m1\x1b[0m \x1b[1m\x1b[94m|\x1b[0m FROM a\n  \x1b[1m\x1b[94m|\x1b[0m \x1b[1m\x1b[91m^^^^^^\x1b[0m\n"
    );
}

#[test]
fn of_several_steps_the_one_with_the_reason_of_the_failure_is_meant() {
    let failure = SolveFailure {
        message: "failed to solve: error writing layer blob: no such bucket".into(),
        ..SolveFailure::default()
    };
    let read = step(
        3,
        "importing cache manifest from s3:1",
        "no such bucket",
        &[],
    );
    let written = step(
        9,
        "exporting cache to Amazon S3",
        "error writing layer blob: no such bucket",
        &[],
    );

    let text = report(&failure, &[read, written]).text();

    assert_eq!(
        text,
        "error: cannot write the layer cache of the type `s3`: error writing layer blob: no such bucket\n  step: exporting cache to \
         Amazon S3\n  hint: the steps are built, and whoever keeps the cache did not take it; with `ignore-error=true` in `cache_to` \
         (in a task: `CACHE_TO`) it ends no build\nalso failed: importing cache manifest from s3:1\n  error: no such bucket\n"
    );
}
