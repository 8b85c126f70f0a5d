//! How a command speaks on standard error.

use std::env;
use std::io::{self, IsTerminal as _};

use clap::ValueEnum as _;
use oci_image::progress::Mode;

use crate::cli::{Cli, Color, Command, Progress, Setting};
use crate::concourse;
use crate::failure::Failure;
use crate::stderr::{self, Face};

/// Names how progress is shown, to everything that builds with BuildKit.
const VARIABLE: &str = "BUILDKIT_PROGRESS";

/// How the command speaks on standard error.
pub(crate) fn mode(cli: &Cli) -> Mode {
    let setting = match &cli.command {
        Some(Command::Build(build)) => Some(&build.setting),
        Some(Command::Task(setting)) => Some(setting),
        _ => None,
    };
    match setting {
        Some(setting) if chosen(setting) == Progress::Json => Mode::Json,
        _ if coloured(cli.color) => Mode::Coloured,
        _ => Mode::Plain,
    }
}

/// How progress is shown.
pub(super) fn face(setting: &Setting) -> Result<Face, Failure> {
    Ok(match chosen(setting) {
        Progress::Quiet => Face::Quiet,
        Progress::Plain | Progress::Json => Face::Lines,
        Progress::Tty if !io::stderr().is_terminal() => {
            return Err(Failure::Usage(Box::new(NoTerminal)));
        }
        Progress::Tty => Face::Live,
        Progress::Auto if is_watched() => Face::Live,
        Progress::Auto => Face::Lines,
    })
}

#[derive(Debug, thiserror::Error)]
#[error(
    "standard error is no terminal, so nothing can be shown live there: use `--progress plain`"
)]
struct NoTerminal;

/// What is said on the command line, else in the environment; what others understand there and we do not is left to them.
fn chosen(setting: &Setting) -> Progress {
    if setting.quiet {
        return Progress::Quiet;
    }
    setting.progress.unwrap_or_else(|| {
        let named = env::var(VARIABLE).ok();
        let known = named.and_then(|name| Progress::from_str(&name, false).ok());
        known.unwrap_or(Progress::Auto)
    })
}

/// Whether a person watches a terminal that can be redrawn. Where builds are run by a service its terminal is a log.
fn is_watched() -> bool {
    let is_log = concourse::is_here() || set("CI", "false") || stderr::is_log();
    io::stderr().is_terminal() && set("TERM", "dumb") && !is_log
}

/// Whether a variable says something, and not that word.
fn set(name: &str, idle: &str) -> bool {
    env::var_os(name).is_some_and(|value| !value.is_empty() && value != *idle)
}

/// Whether standard error takes colours. Source: no-color.org, bixense.com/clicolors.
fn coloured(color: Color) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto if set("NO_COLOR", "") => false,
        Color::Auto if set("CLICOLOR_FORCE", "0") => true,
        Color::Auto => {
            let plain = env::var_os("CLICOLOR").is_some_and(|value| value == "0")
                || env::var_os("TERM").is_some_and(|value| value == "dumb");
            io::stderr().is_terminal() && !plain
        }
    }
}
