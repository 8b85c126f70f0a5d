//! What a command writes to standard output.

use std::io;
use std::os::fd::AsFd as _;

use crate::failure::Failure;
use crate::signals::Signals;

/// Writes an answer to standard output, until a stop. A reader that has enough (`head`) is no failure.
pub(super) fn print(text: &str, signals: &Signals) -> Result<(), Failure> {
    match signals.write_all(io::stdout().as_fd(), text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Engine(Box::new(error)))
        }
        _ => Ok(()),
    }
}
