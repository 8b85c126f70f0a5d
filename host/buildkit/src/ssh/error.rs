//! Why an agent cannot be offered or used.
//!
//! Reads and writes: nothing. Unknown here: the agent's protocol.

use std::io;
use std::path::PathBuf;

use crate::ssh::key_error::KeyError;
use oci_image_boundary::outside::shown;

/// Why an agent cannot be offered or used.
#[derive(Debug, thiserror::Error)]
pub enum SshError {
    /// The environment names no agent.
    #[error("`$SSH_AUTH_SOCK` is not set, and ssh agent `{id}` names neither a socket nor a key", id = shown(id))]
    NoAgent {
        /// The agent's name.
        id: String,
    },
    /// There is nothing at a path, or it is out of reach.
    #[error("cannot find `{}` of ssh agent `{id}`", shown(path), id = shown(id))]
    Find {
        /// The agent's name.
        id: String,
        /// The path given.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// A path is neither a socket nor a file.
    #[error("ssh agent `{id}` is given `{}`, which is neither a socket nor a private key file", shown(path), id = shown(id))]
    Kind {
        /// The agent's name.
        id: String,
        /// The path given.
        path: PathBuf,
    },
    /// A socket is given beside other paths.
    #[error("ssh agent `{id}` is given the socket `{}` beside other paths: give one socket alone, or private keys", shown(path), id = shown(id))]
    SocketBesideOthers {
        /// The agent's name.
        id: String,
        /// The socket.
        path: PathBuf,
    },
    /// A private key file cannot be read.
    #[error("cannot read the private key `{}` of ssh agent `{id}`", shown(path), id = shown(id))]
    Read {
        /// The agent's name.
        id: String,
        /// The file.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// A file holds no private key that can be used.
    #[error("cannot use `{}` as a private key of ssh agent `{id}`", shown(path), id = shown(id))]
    Key {
        /// The agent's name.
        id: String,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: KeyError,
    },
    /// The agent does not accept a connection.
    #[error("cannot connect to ssh agent `{id}` at `{}`", shown(path), id = shown(id))]
    Connect {
        /// The agent's name.
        id: String,
        /// Its socket.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
}
