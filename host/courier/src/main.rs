//! The step's program: `courier save|restore DIRECTORY SOCKET`.

use std::process::ExitCode;

use oci_image_boundary::chain::chain;
use oci_image_courier::errand;

fn main() -> ExitCode {
    match errand::run(std::env::args_os().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // It is a step: what it prints is the step's log.
            eprintln!("{}", chain(&error));
            ExitCode::FAILURE
        }
    }
}
