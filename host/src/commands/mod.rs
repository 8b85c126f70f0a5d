//! What each command does: a file a command.
//!
//! - `info`: what an object supports.
//! - `build`: the image that a request describes.
//! - `task`: the image that a task's parameters describe.
//! - `plan`: what would be built.
//! - `validate`: every mistake of a request.
//! - `explain`: the rule behind a diagnostic's code.
//! - `schema`: the JSON Schemas.

mod build;
mod explain;
mod info;
mod plan;
mod schema;
mod task;
mod validate;

use std::io::{self, IsTerminal};
use std::os::fd::AsFd as _;
use std::path::Path;

use oci_image::boundary::outside::shown;
use oci_image::progress::Mode;

use crate::cli::{Cli, Color, Command, Progress};
use crate::environment::Environment;
use crate::failure::Failure;
use crate::request::stream::Wait;
use crate::signals::Signals;

/// Runs the command that was asked for.
pub(crate) fn run(
    cli: Cli,
    mode: Mode,
    signals: &Signals,
    environment: &Environment,
) -> Result<(), Failure> {
    let wait = |what, instead| Wait {
        signals,
        environment,
        mode,
        what,
        instead,
    };
    match cli.command {
        None => info::run(cli.info, wait("a message", info::INSTEAD)),
        Some(Command::Build(build)) => build::run(build, wait("a message", build::INSTEAD)),
        Some(Command::Task(setting)) => task::run(setting, mode, signals, environment),
        Some(Command::Plan(source)) => plan::run(&source, wait(EITHER, plan::INSTEAD)),
        Some(Command::Validate(asked)) => validate::run(&asked, wait(EITHER, validate::INSTEAD)),
        Some(Command::Explain { code }) => explain::run(code.as_deref(), signals),
        Some(Command::Schema { of }) => schema::run(of, signals),
    }
}

/// What is understood on standard input by commands that answer for messages and for objects.
const EITHER: &str = "a message or an object";

/// How the command speaks on standard error.
pub(crate) fn mode(cli: &Cli) -> Mode {
    let setting = match &cli.command {
        Some(Command::Build(build)) => Some(&build.setting),
        Some(Command::Task(setting)) => Some(setting),
        _ => None,
    };
    match setting {
        Some(setting) if setting.progress == Progress::Json => Mode::Json,
        _ if coloured(cli.color) => Mode::Coloured,
        _ => Mode::Plain,
    }
}

/// Whether standard error takes colours. Source: no-color.org, bixense.com/clicolors.
fn coloured(color: Color) -> bool {
    let set = |name, idle: &str| {
        std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != *idle)
    };
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto if set("NO_COLOR", "") => false,
        Color::Auto if set("CLICOLOR_FORCE", "0") => true,
        Color::Auto => {
            let plain = std::env::var_os("CLICOLOR").is_some_and(|value| value == "0")
                || std::env::var_os("TERM").is_some_and(|value| value == "dumb");
            io::stderr().is_terminal() && !plain
        }
    }
}

/// Makes a directory the working directory.
fn enter(directory: Option<&Path>) -> Result<(), Failure> {
    let Some(directory) = directory else {
        return Ok(());
    };
    std::env::set_current_dir(directory).map_err(|source| {
        Failure::Usage(Box::new(Enter {
            directory: directory.to_owned(),
            source,
        }))
    })
}

#[derive(Debug, thiserror::Error)]
#[error("cannot use `{}` as the working directory", shown(directory))]
struct Enter {
    directory: std::path::PathBuf,
    source: io::Error,
}

/// Writes an answer to standard output, until a stop. A reader that has enough (`head`) is no failure.
fn print(text: &str, signals: &Signals) -> Result<(), Failure> {
    match signals.write_all(io::stdout().as_fd(), text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Engine(Box::new(error)))
        }
        _ => Ok(()),
    }
}
