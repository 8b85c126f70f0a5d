//! Why a login cannot be looked up in Docker's configuration.
//!
//! No error shows what the file, the variable or a helper holds: a parser's message may quote a password.
//!
//! Reads and writes: nothing. Unknown here: who looks it up.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use oci_image_boundary::outside::shown;

/// Why a login cannot be looked up.
#[derive(Debug, thiserror::Error)]
pub enum DockerConfigError {
    /// The file exists and cannot be read.
    #[error("cannot read `{}`", shown(path))]
    Read {
        /// The configuration.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// The file is not what Docker writes.
    #[error(
        "`{}` is not a configuration of Docker: line {line}, column {column}",
        shown(path)
    )]
    Parse {
        /// The configuration.
        path: PathBuf,
        /// Line of the defect.
        line: usize,
        /// Column of the defect.
        column: usize,
    },
    /// An entry's `auth` is not `user:password` in base64.
    #[error("`auth` of `{key}` in `{}` is not a user and a password in base64", shown(path), key = shown(key))]
    Entry {
        /// The configuration.
        path: PathBuf,
        /// The key below `auths`.
        key: String,
    },
    /// A helper cannot be run.
    #[error("cannot run the credential helper `{program}`, which `{}` names", shown(path), program = shown(program))]
    RunHelper {
        /// The configuration.
        path: PathBuf,
        /// The helper.
        program: String,
        /// What the system answered.
        source: io::Error,
    },
    /// A helper says that it failed.
    #[error("the credential helper `{program}` has no login for `{key}`: {message}", program = shown(program), key = shown(key), message = shown(message))]
    HelperFailed {
        /// The helper.
        program: String,
        /// The registry.
        key: String,
        /// What the helper printed.
        message: String,
    },
    /// A helper does not end.
    #[error("the credential helper `{program}` gives no answer within {} s", limit.as_secs(), program = shown(program))]
    HelperDeadline {
        /// The helper.
        program: String,
        /// How long it may take.
        limit: Duration,
    },
    /// A helper's answer is not by the protocol.
    #[error(
        "the credential helper `{program}` answers for `{key}` with something that is not a login", program = shown(program), key = shown(key))]
    HelperAnswer {
        /// The helper.
        program: String,
        /// The registry.
        key: String,
    },
}
