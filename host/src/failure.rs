//! How a command can fail: what a person is shown, and the exit status.
//!
//! Writes: standard error, once.

use std::error::Error;
use std::fmt::Write as _;
use std::io;
use std::iter;
use std::process::ExitCode;

use oci_image::boundary::outside::within_lines;
use oci_image::daemon::DaemonError;
use oci_image::diagnostics::{self, Report};
use oci_image::doctor::{PRIVILEGED_PROCESS, PRIVILEGED_TASK};
use oci_image::excerpt::Canvas;
use oci_image::executor::{BuildError, Stop};
use oci_image::planner::PlannerError;
use oci_image::progress::Mode;
use oci_image::protocol::ProtocolError;

use crate::{concourse, stderr};
use oci_image_schema::event::{ErrorEvent, ProgramEvent};

/// The image was not built, because of what it is made of.
const BUILD_FAILED: u8 = 1;
/// The request or the command line is wrong.
const REQUEST_WRONG: u8 = 2;
/// The engine or this machine failed.
const ENGINE_FAILED: u8 = 3;
/// Added to the number of the signal that stopped us.
const SIGNALLED: u8 = 128;

/// How many lines of the daemon's log are shown.
const LOG_LINES: usize = 20;

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The request is wrong; the report names every mistake with its place.
    Request(Box<Report>),
    /// Requests are wrong, and how was the command's answer.
    Reported,
    /// Something is unwise in what would be built, and what was the command's answer.
    Found,
    /// This machine has faults, and which was the command's answer.
    Unfit,
    /// What surrounds the request is wrong: a file, a response path, an unknown code.
    Usage(Box<dyn Error>),
    /// The build failed.
    Build(BuildError),
    /// The engine or this machine failed.
    Engine(Box<dyn Error>),
}

impl From<ProtocolError> for Failure {
    fn from(error: ProtocolError) -> Self {
        Self::Usage(error.into())
    }
}

impl From<PlannerError> for Failure {
    fn from(error: PlannerError) -> Self {
        Self::Engine(error.into())
    }
}

impl From<BuildError> for Failure {
    fn from(error: BuildError) -> Self {
        Self::Build(error)
    }
}

impl Failure {
    /// This failure, unless it came of a stop; that of a build says so itself.
    #[must_use]
    pub(crate) fn unless_stopped(self, stop: Option<Stop>) -> Self {
        match (self, stop) {
            (Self::Build(error), _) => Self::Build(error),
            (_, Some(stop)) => Self::Build(BuildError::Stopped(stop)),
            (failure, None) => failure,
        }
    }

    /// Shows the failure on standard error, and gives its exit status.
    #[must_use]
    pub(crate) fn report(&self, mode: Mode) -> ExitCode {
        stderr::tell(&match mode {
            Mode::Json => self.lines(),
            Mode::Plain | Mode::Coloured => self.text(mode.canvas(stderr::columns())),
        });
        self.status().into()
    }

    /// For a program.
    fn lines(&self) -> String {
        let mut line = ErrorEvent {
            status: self.status(),
            message: match self {
                Self::Unfit => "this machine has faults".to_owned(),
                Self::Found => "something was found".to_owned(),
                _ => "the request is wrong".to_owned(),
            },
            causes: Vec::new(),
            report: None,
            log: Vec::new(),
            hint: self.hint(),
        };
        let mut lines = String::new();
        match self {
            Self::Request(report) => lines = diagnostics::json_lines(report),
            Self::Reported | Self::Found | Self::Unfit => {}
            Self::Usage(error) | Self::Engine(error) => {
                (line.message, line.causes) = message_and_causes(error.as_ref());
            }
            Self::Build(error) => {
                (line.message, line.causes) = match error {
                    // Its own message is the report.
                    BuildError::Failed { .. } => ("the build failed".to_owned(), Vec::new()),
                    error => message_and_causes(error),
                };
                line.report = error.report();
                line.log = error.daemon_log().map(end_of).unwrap_or_default();
            }
        }
        lines + &stderr::line(&ProgramEvent::Error(line))
    }

    /// For a person.
    pub(crate) fn text(&self, canvas: Canvas) -> String {
        let mut text = String::new();
        match self {
            Self::Request(report) => return diagnostics::text(report, canvas),
            Self::Reported | Self::Found | Self::Unfit => return text,
            Self::Usage(error) | Self::Engine(error) => text.push_str(&message(error.as_ref())),
            Self::Build(error) => {
                // Apart from the progress above it.
                let reports = error.report().map(|report| format!("\n{report}"));
                text.extend(reports);
                if matches!(error, BuildError::Solve { .. }) {
                    text.push('\n');
                }
                if !matches!(error, BuildError::Failed { .. }) {
                    text.push_str(&message(error));
                }
                text.extend(error.daemon_log().map(printed));
            }
        }
        text.extend(self.hint().map(|hint| format!("  hint: {hint}\n")));
        text
    }

    fn status(&self) -> u8 {
        match self {
            Self::Usage(error) if is_disk_full(error.as_ref()) => ENGINE_FAILED,
            Self::Request(_)
            | Self::Reported
            | Self::Usage(_)
            | Self::Build(BuildError::Ssh(_)) => REQUEST_WRONG,
            Self::Found => BUILD_FAILED,
            Self::Engine(_) | Self::Unfit => ENGINE_FAILED,
            Self::Build(BuildError::Failed { .. } | BuildError::BaseImage(_)) => BUILD_FAILED,
            Self::Build(error) if error.is_of_the_image() => BUILD_FAILED,
            Self::Build(BuildError::Stopped(stop)) => SIGNALLED + stop.signal as u8,
            Self::Build(_) => ENGINE_FAILED,
        }
    }

    /// What to do about it, where that is not in the message.
    fn hint(&self) -> Option<&'static str> {
        let error: &dyn Error = match self {
            Self::Request(_) | Self::Reported | Self::Found | Self::Unfit => return None,
            Self::Build(BuildError::NoRoom { .. } | BuildError::NoRoomForDaemon { .. }) => {
                return Some(
                    "free some space there, or use another disk (`--root`, `TMPDIR`), then build again",
                );
            }
            Self::Build(BuildError::NoRoomThere { .. }) => {
                return Some(
                    "free some space there, or build on another builder, then build again",
                );
            }
            Self::Build(BuildError::Daemon(
                DaemonError::NotPrivileged { .. } | DaemonError::Rootless { .. },
            )) if concourse::is_here() => return Some(PRIVILEGED_TASK),
            Self::Build(BuildError::Daemon(DaemonError::NotPrivileged { .. })) => {
                return Some(PRIVILEGED_PROCESS);
            }
            Self::Build(error) => error,
            Self::Usage(error) | Self::Engine(error) => error.as_ref(),
        };
        is_disk_full(error).then_some("free some space on that disk, then build again")
    }
}

/// Whether the system refused one of our own writes for want of room.
fn is_disk_full(error: &(dyn Error + 'static)) -> bool {
    causes(error)
        .filter_map(|error| error.downcast_ref::<io::Error>())
        .any(|error| {
            matches!(
                error.kind(),
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
            )
        })
}

/// An error, then what caused it, then what caused that.
fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    iter::successors(Some(error), |&error| error.source())
}

/// Shows clap's error, or the help or version that was asked for, and gives the exit status.
#[must_use]
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    // Nobody to tell if the stream is closed.
    let _ = error.print();
    if error.use_stderr() {
        REQUEST_WRONG.into()
    } else {
        ExitCode::SUCCESS
    }
}

/// An error and its causes, a line each; more lines of one stand behind a mark.
fn message(error: &(dyn Error + 'static)) -> String {
    let (message, causes) = message_and_causes(error);
    let mut text = format!("error: {}\n", within_lines(&message));
    for cause in causes {
        let _ = writeln!(text, "  cause: {}", within_lines(&cause));
    }
    text
}

/// An error's message, and those of its causes that say something new.
fn message_and_causes(error: &(dyn Error + 'static)) -> (String, Vec<String>) {
    let lines: Vec<String> = causes(error).map(ToString::to_string).collect();
    // A transparent error repeats the words of the one it stands for, the daemon those of what we told it.
    let repeats = |index: usize| {
        lines[index] == lines[index - 1]
            || (lines.get(index + 1))
                .is_some_and(|next| lines[index] != *next && lines[index].contains(next))
    };
    let causes = (1..lines.len()).filter(|&index| !repeats(index));
    let causes = causes.map(|index| lines[index].clone()).collect();
    (lines[0].clone(), causes)
}

/// The last lines of a log.
fn end_of(log: &str) -> Vec<&str> {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(LOG_LINES)..].to_vec()
}

fn printed(log: &str) -> String {
    let shown = end_of(log);
    if shown.is_empty() {
        return String::new();
    }
    let mut text = String::from("last lines of buildkitd's log:\n");
    for line in shown {
        let _ = writeln!(text, "  | {}", within_lines(line));
    }
    text
}
