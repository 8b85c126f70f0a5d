//! What a command writes to standard output.

use std::io;
use std::os::fd::AsFd as _;

use oci_image::boundary::outside::within_json_lines;
use serde::Serialize;

use crate::failure::Failure;
use crate::signals::Signals;

/// An answer for a program: a document of JSON.
pub(super) fn document(of: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(of).expect("an answer has only names as keys");
    within_json_lines(&text)
}

/// Writes an answer to standard output, until a stop. A reader that has enough (`head`) is no failure.
pub(super) fn print(text: &str, signals: &Signals) -> Result<(), Failure> {
    match signals.write_all(io::stdout().as_fd(), text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Engine(Box::new(error)))
        }
        _ => Ok(()),
    }
}
