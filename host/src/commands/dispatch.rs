//! Which command was asked for.

use oci_image::progress::Mode;

use super::{
    build, check, completions, doctor, du, explain, info, man, outline, plan, prune, schema,
    targets, task, validate,
};
use crate::cli::{Cli, Command};
use crate::environment::Environment;
use crate::failure::Failure;
use crate::language;
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
        Some(Command::Plan(asked)) => plan::run(asked, wait(EITHER, plan::INSTEAD)),
        Some(Command::Check(asked)) => check::run(asked, wait(EITHER, check::INSTEAD)),
        Some(Command::Outline(asked)) => outline::run(asked, wait(EITHER, outline::INSTEAD)),
        Some(Command::Targets(asked)) => targets::run(asked, wait(EITHER, targets::INSTEAD)),
        Some(Command::Validate(asked)) => validate::run(&asked, wait(EITHER, validate::INSTEAD)),
        Some(Command::Lsp { stdio: _ }) => language::serve(signals, mode),
        Some(Command::Explain { code }) => explain::run(code.as_deref(), signals),
        Some(Command::Doctor(asked)) => doctor::run(asked, signals, environment),
        Some(Command::Du(asked)) => du::run(asked, signals),
        Some(Command::Prune(asked)) => prune::run(asked, signals, environment),
        Some(Command::Schema { of }) => schema::run(of, signals),
        Some(Command::Completions { shell }) => completions::run(shell, signals),
        Some(Command::Man { out }) => man::run(&out),
    }
}

/// What is understood on standard input by commands that answer for messages and for objects.
const EITHER: &str = "a message or an object";
