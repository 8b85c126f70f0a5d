//! The text of a solve that failed: what, where, and what was last printed.
//!
//! ```text
//! error: process "/bin/sh -c make" did not complete successfully: exit code: 7
//!   step: [build 3/4] RUN make
//!   target: `server`
//! Dockerfile:12
//!  11 |     COPY . .
//!  12 | >>> RUN make
//! last lines of the log:
//!   | make: *** [all] Error 7
//! ```
//!
//! Every part but the first is left out where nothing is known of it. No line begins with a text from outside, also not after
//! blanks: a line of a step's log could be a command to whoever runs us (`::set-output`).
//!
//! Reads: the context, through the caller. Writes: nothing. Unknown here: the file system, requests.

use crate::cause::{Cause, FrontendName};
use crate::excerpt;
use crate::hint::{self, Known};
use crate::line::Colours;
use crate::plain::clip;
use crate::{FailedStep, Mode};
use oci_image_boundary::outside::shown;
use oci_image_buildkit::error::SolveFailure;
use oci_image_buildkit::login::{Given, UsedLogin};

/// How many source files are quoted: one, or with a step inherited by ONBUILD the one behind it too.
const MOST_EXCERPTS: usize = 2;
/// What is shown of a step's name, in characters.
const LONGEST_NAME: usize = 300;
/// How many other steps are named that failed as well.
const MOST_OTHERS: usize = 5;
/// How the step is named that looks up the frontend of `# syntax=`.
const FRONTEND_LOOKUP: &str = "resolve image config for ";
/// How a step goes on, after its `[...]`, that looks up a base image.
const IMAGE_LOOKUP: &str = "load metadata for ";

const BOLD_RED: &str = "\x1b[1;31m";
const BOLD: &str = "\x1b[1m";

/// All that is known of a failed solve.
pub struct FailureReport<'a> {
    /// What the daemon answered.
    pub failure: &'a SolveFailure,
    /// The steps that failed, from [`Progress::failed_steps`](crate::Progress::failed_steps).
    pub steps: &'a [FailedStep],
    /// The target that was built, where there are several.
    pub target: Option<&'a str>,
    /// What else is known, for a hint.
    pub known: Known<'a>,
    /// The logins that registries were given; shown if one of them may have been refused.
    pub logins: &'a [UsedLogin],
    /// As for [`Progress::new`](crate::Progress::new); JSON has no part in this, and means no colours.
    pub mode: Mode,
}

impl FailureReport<'_> {
    /// The text, several lines, each with its end.
    #[must_use]
    pub fn text(&self) -> String {
        let colours = self.mode.colours();
        let step = self.step();
        let cause = self.cause(step);
        let headline = cause.headline();

        let mut text = format!("{} {headline}\n", colours.paint(BOLD_RED, "error:"));
        // The step that looks an image up is named like it.
        let is_lookup = matches!(cause, Cause::BaseImage { .. } | Cause::Frontend { .. });
        if let Some(step) = step.filter(|_| !is_lookup) {
            text.push_str(&format!("  step: {}\n", clip(&step.name, LONGEST_NAME)));
        }
        if let Some(target) = self.target {
            text.push_str(&format!("  target: `{target}`\n"));
        }
        if let Some(hint) = self.hint(&cause, step) {
            text.push_str(&format!("  hint: {hint}\n"));
        }
        for login in self.logins.iter().filter(|_| cause.is_refusal()) {
            text.push_str(&format!("  login: {}\n", describe(login)));
        }
        self.write_excerpts(colours, &mut text);
        if let Some(step) = step {
            write_log(step, &mut text);
        }
        self.write_others(step, &mut text);
        if let Some(code) = self.failure.exit_code {
            let code = exit_code(code);
            if !headline.contains(&code) {
                text.push_str(&format!("{code}\n"));
            }
        }
        text
    }

    fn cause(&self, step: Option<&FailedStep>) -> Cause {
        let cause = Cause::of(&self.failure.message);
        let cause = match step.and_then(looked_up) {
            Some(reference) => cause.of_lookup(reference),
            None => cause,
        };
        let marked = self.failure.sources.first().and_then(excerpt::marked);
        // Every instruction begins with a letter.
        if marked.is_some_and(|marked| marked.starts_with(['#', '/'])) {
            cause.of_frontend(FrontendName::Directive)
        } else if step.is_some_and(|step| step.name.starts_with(FRONTEND_LOOKUP)) {
            cause.of_frontend(FrontendName::Argument)
        } else {
            cause
        }
    }

    /// The step that failed: the one that the daemon names, else the only one that did.
    fn step(&self) -> Option<&FailedStep> {
        match (&self.failure.vertex, self.steps) {
            (Some(digest), steps) => steps.iter().find(|step| step.digest == *digest),
            (None, [step]) => Some(step),
            (None, _) => None,
        }
    }

    fn hint(&self, cause: &Cause, step: Option<&FailedStep>) -> Option<String> {
        let instruction = match step {
            Some(step) => Some(step.name.clone()),
            None => self.failure.sources.first().and_then(excerpt::marked),
        };
        self.known.hint(&hint::Failure {
            cause,
            instruction: instruction.as_deref(),
            step,
            exit_code: self.failure.exit_code,
        })
    }

    fn write_excerpts(&self, colours: Colours, text: &mut String) {
        let mut shown: Vec<String> = Vec::new();
        for excerpt in self.failure.sources.iter().filter_map(excerpt::of) {
            if !shown.contains(&excerpt) && shown.len() < MOST_EXCERPTS {
                shown.push(excerpt);
            }
        }
        for line in shown.iter().flat_map(|excerpt| excerpt.lines()) {
            let marked = line
                .split_once(" | ")
                .is_some_and(|(_, rest)| rest.starts_with(">>>"));
            text.push_str(&if marked {
                colours.paint(BOLD, line)
            } else {
                line.to_owned()
            });
            text.push('\n');
        }
    }

    fn write_others(&self, step: Option<&FailedStep>, text: &mut String) {
        let others: Vec<&FailedStep> = self
            .steps
            .iter()
            .filter(|other| Some(other.number) != step.map(|step| step.number))
            .collect();
        for other in others.iter().take(MOST_OTHERS) {
            let (name, why) = (
                clip(&other.name, LONGEST_NAME),
                Cause::of(&other.error).headline(),
            );
            text.push_str(&format!("also failed: {name}\n  error: {why}\n"));
        }
        if others.len() > MOST_OTHERS {
            text.push_str(&format!("and {} more steps\n", others.len() - MOST_OTHERS));
        }
    }
}

/// The image that a step looks up.
fn looked_up(step: &FailedStep) -> Option<&str> {
    let image = match step.name.strip_prefix(FRONTEND_LOOKUP) {
        Some(image) => image,
        None => step.name.split_once("] ")?.1.strip_prefix(IMAGE_LOOKUP)?,
    };
    Some(image.trim_start_matches("docker-image://"))
}

fn write_log(step: &FailedStep, text: &mut String) {
    if step.tail.is_empty() {
        return;
    }
    if step.lines > step.tail.len() as u64 {
        text.push_str(&format!(
            "last {} of {} lines of the log:\n",
            step.tail.len(),
            step.lines
        ));
    } else {
        text.push_str("the log:\n");
    }
    for line in &step.tail {
        text.push_str(format!("  | {line}").trim_end());
        text.push('\n');
    }
}

/// Whose login it was, where it came from and who has judged it; never the password.
fn describe(login: &UsedLogin) -> String {
    let UsedLogin {
        host,
        username,
        origin,
        given,
    } = login;
    let at = match given {
        Given::Realm { server, .. } if server != host => {
            format!(", at its realm `{}`", shown(server))
        }
        Given::Realm { .. } | Given::Token | Given::Password { .. } => String::new(),
    };
    let who = if username.is_empty() {
        "an identity token".to_owned()
    } else {
        format!("user `{}`", shown(username))
    };
    let host = shown(host);
    format!("registry `{host}` was given {who} from {origin}{at}")
}

fn exit_code(code: u32) -> String {
    match code {
        u32::MAX => "exit code: unknown".to_owned(),
        code => format!("exit code: {code}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::missing::ContextName;
    use oci_image_buildkit::error::{LineRange, Source};
    use oci_image_buildkit::login::Origin;

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
            mode: Mode::Plain,
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
             step: [server 3/3] RUN make\n  target: `server`\nDockerfile:3\n  1 |     FROM base\n  2 |     COPY . .\n  \
             3 | >>> RUN make\nlast 3 of 1203 lines of the log:\n  | cc main.c\n  |\n  | Error 7\n"
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
            message:
                "dockerfile parse error on line 2: unknown instruction: RUNN (did you mean RUN?)"
                    .into(),
            sources: vec![dockerfile("FROM scratch\nRUNN make\n", 2)],
            ..SolveFailure::default()
        };

        assert_eq!(
            report(&failure, &[]).text(),
            "error: dockerfile parse error on line 2: unknown instruction: RUNN (did you mean RUN?)\nDockerfile:2\n  \
             1 |     FROM scratch\n  2 | >>> RUNN make\n"
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
            "error: \"/out\": not found\n  hint: `out` exists, but `.dockerignore` excludes it\nDockerfile:1\n  \
             1 | >>> COPY out /\n"
        );
        assert_eq!(
            text("COPY --from=build out /"),
            "error: \"/out\": not found\nDockerfile:1\n  1 | >>> COPY --from=build out /\n"
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
            mode: Mode::Coloured,
            ..report(&failure, &[])
        }
        .text();

        assert_eq!(
            text,
            "\x1b[1;31merror:\x1b[0m no\nDockerfile:1\n\x1b[1m  1 | >>> FROM a\x1b[0m\n"
        );
    }
}
