//! The text of a solve that failed: what, where, and what was last printed.
//!
//! ```text
//! error: process "/bin/sh -c make" did not complete successfully: exit code: 7
//!   step: [build 3/4] RUN make
//!   target: `server`
//!   --> Dockerfile:12:1
//!    |
//! 11 | COPY . .
//! 12 | RUN make
//!    | ^^^^^^^^
//! last lines of the log:
//!   | make: *** [all] Error 7
//! ```
//!
//! Every part but the first is left out where nothing is known of it. No line begins with a text from outside, also not after
//! blanks: a line of a step's log could be a command to whoever runs us (`::set-output`).
//!
//! Reads: the context, through the caller. Writes: nothing. Unknown here: the file system, requests.

use crate::amount::clip;
use crate::colour::{BOLD_RED, Colours};
use crate::excerpt;
use crate::failed_step::FailedStep;
use crate::failure::cause::{Cause, FrontendName};
use crate::failure::hint::{self, Known};
use oci_image_boundary::outside::shown;
use oci_image_buildkit::failure::SolveFailure;
use oci_image_buildkit::registry::{Given, UsedLogin};
use oci_image_excerpt::{Canvas, Level, Lines};

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
    /// What it is drawn on.
    pub canvas: Canvas,
}

impl FailureReport<'_> {
    /// The text, several lines, each with its end.
    #[must_use]
    pub fn text(&self) -> String {
        let colours = Colours::of(self.canvas.is_coloured);
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
        for login in self.logins.iter().filter(|_| cause.wants_login()) {
            text.push_str(&format!("  login: {}\n", describe(login)));
        }
        self.write_excerpts(&mut text);
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
        let cause = match step {
            Some(step) => cause.of_step(&step.name),
            None => cause,
        };
        let marked = self.failure.sources.first().and_then(excerpt::of);
        // Every instruction begins with a letter.
        if marked.is_some_and(|marked| marked.text().starts_with(['#', '/'])) {
            cause.of_frontend(FrontendName::Directive)
        } else if step.is_some_and(|step| step.name.starts_with(FRONTEND_LOOKUP)) {
            cause.of_frontend(FrontendName::Argument)
        } else {
            cause
        }
    }

    /// The step that failed: the one that the daemon names, else the only one that did, or the one that did for this reason.
    fn step(&self) -> Option<&FailedStep> {
        match (&self.failure.vertex, self.steps) {
            (Some(digest), steps) => steps.iter().find(|step| step.digest == *digest),
            (None, [step]) => Some(step),
            (None, steps) => {
                let cause = Cause::of(&self.failure.message);
                steps.iter().find(|step| Cause::of(&step.error) == cause)
            }
        }
    }

    fn hint(&self, cause: &Cause, step: Option<&FailedStep>) -> Option<String> {
        let instruction = match step {
            Some(step) => Some(step.name.clone()),
            None => {
                let marked = self.failure.sources.first().and_then(excerpt::of);
                marked.map(|marked| marked.text())
            }
        };
        self.known.hint(&hint::Failure {
            cause,
            instruction: instruction.as_deref(),
            step,
            exit_code: self.failure.exit_code,
        })
    }

    fn write_excerpts(&self, text: &mut String) {
        let mut shown: Vec<Lines> = Vec::new();
        for excerpt in self.failure.sources.iter().filter_map(excerpt::of) {
            if !shown.contains(&excerpt) && shown.len() < MOST_EXCERPTS {
                text.push_str(&excerpt.draw(self.canvas, Level::Error));
                shown.push(excerpt);
            }
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
mod tests;
