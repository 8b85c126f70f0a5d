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

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use oci_image::progress::Mode;

use crate::cli::{Cli, Color, Command, Progress};
use crate::failure::Failure;

/// Runs the command that was asked for.
pub(crate) fn run(cli: Cli, mode: Mode) -> Result<(), Failure> {
    let coloured = mode == Mode::Coloured;
    match cli.command {
        None => info::run(cli.info, coloured),
        Some(Command::Build(build)) => build::run(build, mode),
        Some(Command::Task(setting)) => task::run(setting, mode),
        Some(Command::Plan(source)) => plan::run(&source),
        Some(Command::Validate(validate)) => validate::run(&validate, coloured),
        Some(Command::Explain { code }) => explain::run(code.as_deref()),
        Some(Command::Schema { of }) => schema::run(of),
    }
}

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
#[error("cannot use `{}` as the working directory", directory.display())]
struct Enter {
    directory: std::path::PathBuf,
    source: io::Error,
}

/// Writes an answer to standard output. A reader that has enough (`head`) is no failure.
fn print(text: &str) -> Result<(), Failure> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Engine(Box::new(error)))
        }
        _ => Ok(()),
    }
}
