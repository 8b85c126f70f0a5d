//! `oci-image completions`: scripts for shells.

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::commands::answer::print;
use crate::failure::Failure;
use crate::signals::Signals;

pub(super) fn run(shell: Shell, signals: &Signals) -> Result<(), Failure> {
    let mut command = Cli::command();
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, &name, &mut script);
    let script = String::from_utf8_lossy(&script);
    // The script for bash calls a program with a hyphen in its name by two names, and nothing beyond a command is completed
    // (clap-rs/clap#6421).
    let wrong = name.replace('-', "__subcmd__");
    print(&script.replace(&wrong, &name.replace('-', "__")), signals)
}
