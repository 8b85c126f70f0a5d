//! How a command can fail: what a person is shown, and the exit status.
//!
//! Writes: standard error, once.

use std::error::Error;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::ExitCode;

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
    /// The request is wrong; the text names every mistake with its place.
    Request(String),
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
    pub(crate) fn report(&self) -> ExitCode {
        // Nobody to tell, and nothing to do about it, if standard error is closed.
        let _ = io::stderr().write_all(self.text().as_bytes());
        self.status().into()
    }

    fn text(&self) -> String {
        match self {
            Self::Request(report) => report.clone(),
            // Apart from the progress above it.
            Self::Build(BuildError::Failed { report }) => format!("\n{report}"),
            Self::Usage(error) | Self::Engine(error) => message(error.as_ref()),
            Self::Build(error) => {
                let mut text = message(error);
                if let Some(log) = error.daemon_log() {
                    text.push_str(&end_of(log));
                }
                text
            }
        }
    }

    fn status(&self) -> u8 {
        match self {
            Self::Request(_) | Self::Usage(_) | Self::Build(BuildError::Ssh(_)) => REQUEST_WRONG,
            Self::Engine(_) => ENGINE_FAILED,
            Self::Build(BuildError::Failed { .. } | BuildError::BaseImage(_)) => BUILD_FAILED,
            Self::Build(BuildError::Stopped(stop)) => SIGNALLED + stop.signal as u8,
            Self::Build(_) => ENGINE_FAILED,
        }
    }
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
fn message(error: &dyn Error) -> String {
    let mut text = format!("error: {error}\n");
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let line = error.to_string();
        // A transparent error repeats the words of the one it stands for.
        if line != said {
            text.push_str(&format!("  cause: {line}\n"));
        }
        said = line;
        cause = error.source();
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
