//! What the step is there for, from its arguments to its end.
//!
//! Reads and writes: the socket, through the modules named here. Unknown here: what a cache holds.

use std::ffi::OsString;
use std::io::{self, Read};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use oci_image_boundary::chain::chain;
use oci_image_boundary::outside::shown;

use crate::message::Report;
use crate::{restoring, saving};

/// What carries the archive out of the daemon.
pub const SAVE: &str = "save";
/// What carries it in.
pub const RESTORE: &str = "restore";

/// Why an errand has not been done.
#[derive(Debug, thiserror::Error)]
pub enum ErrandError {
    /// The arguments are not those of an errand.
    #[error("give `{SAVE}` or `{RESTORE}`, the directory and the socket")]
    Arguments,
    /// Nobody answers.
    #[error("nobody answers on `{}`", shown(socket))]
    Connect {
        /// Where the socket is.
        socket: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// It was tried, and whoever keeps the archive was told why it failed.
    #[error("it was told what failed: {0}")]
    Told(String),
}

/// Runs the errand that the arguments name. Whoever is at the other end is told what failed; so is the caller.
///
/// # Errors
/// [`ErrandError`].
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Result<(), ErrandError> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let [errand, directory, socket] = arguments.as_slice() else {
        return Err(ErrandError::Arguments);
    };
    let (directory, socket) = (Path::new(directory), PathBuf::from(socket));
    let connected = UnixStream::connect(&socket);
    let stream = connected.map_err(|source| ErrandError::Connect { socket, source })?;
    let done = match errand.to_str() {
        Some(SAVE) => saving::save(directory, &stream).map_err(|error| chain(&error)),
        Some(RESTORE) => restoring::restore(directory, &stream).map_err(|error| chain(&error)),
        _ => return Err(ErrandError::Arguments),
    };
    if let Err(failed) = &done {
        // Whoever has hung up cannot be told.
        let _ = Report::Failed(failed.clone()).write(&mut &stream);
    }
    take_leave(&stream);
    done.map_err(ErrandError::Told)
}

/// What is not yet passed on is lost when a step ends: so this side ends what it says, and waits until the other does.
fn take_leave(mut stream: &UnixStream) {
    // A connection that is gone already needs no leave.
    if stream.shutdown(Shutdown::Write).is_ok() {
        let _ = io::copy(&mut stream.by_ref(), &mut io::sink());
    }
}
