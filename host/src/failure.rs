//! How a command can fail: what a person is shown, and the exit status.
//!
//! Writes: standard error, once.

use std::error::Error;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::iter;
use std::process::ExitCode;

use oci_image::diagnostics::{self, Report};
use oci_image::executor::BuildError;
use oci_image::planner::PlannerError;
use oci_image::protocol::ProtocolError;

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
    /// Shows the failure on standard error, and gives its exit status.
    #[must_use]
    pub(crate) fn report(&self, coloured: bool) -> ExitCode {
        // Nobody to tell, and nothing to do about it, if standard error is closed.
        let _ = io::stderr().write_all(self.text(coloured).as_bytes());
        self.status().into()
    }

    fn text(&self, coloured: bool) -> String {
        let mut text = String::new();
        match self {
            Self::Request(report) => return diagnostics::text(report, coloured),
            Self::Reported => return text,
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
                text.extend(error.daemon_log().map(end_of));
            }
        }
        text.extend(self.advice());
        text
    }

    fn status(&self) -> u8 {
        match self {
            Self::Usage(error) if is_disk_full(error.as_ref()) => ENGINE_FAILED,
            Self::Request(_)
            | Self::Reported
            | Self::Usage(_)
            | Self::Build(BuildError::Ssh(_)) => REQUEST_WRONG,
            Self::Engine(_) => ENGINE_FAILED,
            Self::Build(BuildError::Failed { .. } | BuildError::BaseImage(_)) => BUILD_FAILED,
            Self::Build(error) if error.is_of_the_image() => BUILD_FAILED,
            Self::Build(BuildError::Stopped(stop)) => SIGNALLED + stop.signal as u8,
            Self::Build(_) => ENGINE_FAILED,
        }
    }

    /// What to do about it, where that is not in the message.
    fn advice(&self) -> Option<&'static str> {
        let error: &dyn Error = match self {
            Self::Request(_) | Self::Reported => return None,
            Self::Build(BuildError::NoRoom { .. } | BuildError::NoRoomForDaemon { .. }) => {
                return Some(
                    "  hint: free some space there, or use another disk (`--root`, `TMPDIR`), then build again\n",
                );
            }
            Self::Build(error) => error,
            Self::Usage(error) | Self::Engine(error) => error.as_ref(),
        };
        is_disk_full(error).then_some("  hint: free some space on that disk, then build again\n")
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

/// An error and its causes, a line each.
fn message(error: &(dyn Error + 'static)) -> String {
    let lines: Vec<String> = causes(error).map(ToString::to_string).collect();
    let mut text = format!("error: {}\n", lines[0]);
    for (index, line) in lines.iter().enumerate().skip(1) {
        // A transparent error repeats the words of the one it stands for, the daemon those of what we told it.
        let repeats = *line == lines[index - 1]
            || (lines.get(index + 1)).is_some_and(|next| line != next && line.contains(next));
        if !repeats {
            text.push_str(&format!("  cause: {line}\n"));
        }
    }
    text
}

fn end_of(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    let shown = &lines[lines.len().saturating_sub(LOG_LINES)..];
    let mut text = String::from("last lines of buildkitd's log:\n");
    for line in shown {
        let _ = writeln!(text, "  {line}");
    }
    if shown.is_empty() {
        String::new()
    } else {
        text
    }
}
