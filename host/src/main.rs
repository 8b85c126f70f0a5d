//! The program `oci-image`: reads the arguments, runs one command, prints its failure once, returns the exit status.
//!
//! - `environment`: the environment of this process, without secrets from the beginning on.
//! - `signals`: what asks this program to end.
//! - `cli`: what can be typed.
//! - `habits`: what is typed by people who are used to `docker build`.
//! - `manual`: the same as pages of the manual.
//! - `quantity`: bytes and times as they are typed.
//! - `request`: where a request comes from, and its text without secrets.
//! - `language`: the language server.
//! - `commands`: what each command does.
//! - `failure`: how a command can fail: what is shown, and the exit status.
//! - `stderr`: what is said beside the answer.
//! - `ending`: what a build that is done has come to; `metadata_file`: the file of that.
//! - `report_file`: the page of a build, however it ended. `destination`: where such files are.
//! - `concourse`: whether this is a task of Concourse.
//! - `outlet`: standard error, for those who must not wait for its reader for ever; `opening`: a terminal, for the same.

mod cli;
mod commands;
mod concourse;
mod destination;
mod ending;
mod environment;
mod failure;
mod habits;
mod language;
mod manual;
mod metadata_file;
mod opening;
mod outlet;
mod quantity;
mod report_file;
mod request;
mod signals;
mod stderr;

use std::process::ExitCode;

use crate::cli::Cli;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::signals::Signals;

fn main() -> ExitCode {
    // SAFETY: the first thing that is done: there is no other thread yet.
    let environment = unsafe { Environment::take() };
    let listening = Signals::listen().map_err(|error| Failure::Engine(Box::new(error)));
    let cli = match Cli::parse_from_call(std::env::args_os()) {
        Ok(cli) => cli,
        Err(error) => return failure::usage(&error),
    };
    if let Ok(signals) = &listening {
        stderr::until(signals.cancel());
    }
    let mode = commands::mode(&cli);
    let done = listening.and_then(|signals| {
        let done = commands::run(cli, mode, &signals, &environment);
        // Whatever could not be read or planned then: it was stopped. A build says so itself.
        done.map_err(|failure| failure.unless_stopped(signals.received()))
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(mode),
    }
}
