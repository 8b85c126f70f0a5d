//! The step's program: `courier save|restore DIRECTORY SOCKET`.

use std::process::ExitCode;

use oci_image_boundary::chain::chain;
use oci_image_courier::errand;
use rustix::fs::Mode;

fn main() -> ExitCode {
    // What is restored is made with the mode that it has.
    rustix::process::umask(Mode::empty());
    match errand::run(std::env::args_os().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // It is a step: what it prints is the step's log.
            eprintln!("{}", chain(&error));
            ExitCode::FAILURE
        }
    }
}
