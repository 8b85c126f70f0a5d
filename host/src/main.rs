//! The program `oci-image`: reads the arguments, runs one command, prints its failure once, returns the exit status.
//!
//! - `cli`: what can be typed.
//! - `request`: where a request comes from, and its text without secrets.
//! - `commands`: what each command does.
//! - `failure`: how a command can fail: what is shown, and the exit status.
//! - `stderr`: what is said beside the answer.

mod cli;
mod commands;
mod failure;
mod request;
mod stderr;

use std::process::ExitCode;

use crate::cli::Cli;

fn main() -> ExitCode {
    let cli = match Cli::parse_from_call(std::env::args_os()) {
        Ok(cli) => cli,
        Err(error) => return failure::usage(&error),
    };
    let mode = commands::mode(&cli);
    match commands::run(cli, mode) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(mode),
    }
}
