//! How a command speaks on standard error.

use std::io::{self, IsTerminal as _};

use oci_image::progress::Mode;

use crate::cli::{Cli, Color, Command, Progress};

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
