//! What can go wrong with the daemon.
//!
//! A message tells this room's fact only; the daemon's own words are in [`DaemonError::log`].
//!
//! Reads and writes: nothing.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use oci_image_boundary::outside::shown;

use crate::exit::Exit;
use crate::holder::Holder;
use crate::lack::Lack;
use crate::programs::MissingProgram;

/// Why there is no daemon, or why it does not end.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// A program is not installed.
    #[error(transparent)]
    Missing(#[from] MissingProgram),
    /// This process is root and may not do what every step of a build does.
    #[error("not privileged to run the steps of a build: the kernel refuses {step}")]
    NotPrivileged {
        /// What was tried.
        step: &'static str,
        /// Its answer.
        source: io::Error,
    },
    /// This machine cannot run a daemon without root.
    #[error("a build without root lacks {}", listed(lacks))]
    Rootless {
        /// Everything that is missing, each with what to do.
        lacks: Vec<Lack>,
    },
    /// The configuration is not TOML: no daemon was started.
    #[error("the daemon's configuration is not TOML")]
    Config {
        /// Where and why.
        source: toml::de::Error,
    },
    /// The root cannot be made, read or locked.
    #[error("cannot use `{}` as the daemon's root", shown(path))]
    Root {
        /// The root.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The root is another user's: what is in it cannot be trusted.
    #[error(
        "`{}` belongs to user {owner}, not to user {user}: name another root (`--root`), or remove it",
        shown(path)
    )]
    RootOwner {
        /// The root.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
        /// Who runs.
        user: u32,
    },
    /// Others may write to the root: what is in it cannot be trusted.
    #[error(
        "others may write to `{}` (mode {mode:o}), so that what is in it cannot be trusted: name another root (`--root`), or \
         empty this one and `chmod go-w` it",
        shown(path)
    )]
    RootShared {
        /// The root.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// Something else stands where the root has a file.
    #[error(
        "`{}` is {what} and no file: remove it, or name another root (`--root`)",
        shown(path)
    )]
    RootEntry {
        /// The entry.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// A buildkitd that we did not start uses the root.
    #[error(
        "another buildkitd runs on `{}`: stop it, or name another root",
        shown(path)
    )]
    RootBusy {
        /// The root.
        path: PathBuf,
    },
    /// A build uses the root, and whoever wanted it does not wait.
    #[error(
        "{} uses `{}`: wait until it has ended, or name another root (`--root`)",
        by(holder.as_ref()),
        shown(path)
    )]
    RootHeld {
        /// The root.
        path: PathBuf,
        /// Who that is, where it can be told.
        holder: Option<Holder>,
    },
    /// No directory takes the sockets.
    #[error("no directory for the daemon's sockets: {tried}")]
    NoRuntimeDir {
        /// Each directory that was tried, and why it does not do.
        tried: String,
    },
    /// A file that the daemon needs cannot be written.
    #[error("cannot write `{}`", shown(path))]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The socket on which the daemon says that it is ready does not work.
    #[error("cannot listen on `{}`", shown(path))]
    Socket {
        /// The socket.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The program cannot be run.
    #[error("cannot run `{}`", shown(program))]
    Spawn {
        /// The program.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The daemon ended before it served.
    #[error("buildkitd ended before it was ready: {}", exit.status)]
    DiedAtStart {
        /// How it ended.
        exit: Box<Exit>,
    },
    /// The daemon did not serve in time and was killed.
    #[error("buildkitd was not ready after {deadline:?} and was killed")]
    NotReady {
        /// How long it was waited for.
        deadline: Duration,
        /// The end of what it printed.
        log: String,
    },
    /// The daemon outlived SIGKILL: the kernel holds it.
    #[error("buildkitd has not ended {deadline:?} after SIGKILL")]
    Unkillable {
        /// How long it was waited for.
        deadline: Duration,
    },
}

impl DaemonError {
    /// The end of what the daemon printed, where it ran at all: to be shown below the message.
    pub fn log(&self) -> Option<&str> {
        match self {
            Self::DiedAtStart { exit } => Some(&exit.log),
            Self::NotReady { log, .. } => Some(log),
            _ => None,
        }
    }
}

fn listed(lacks: &[Lack]) -> String {
    lacks
        .iter()
        .map(Lack::to_string)
        .collect::<Vec<_>>()
        .join("; ")
}

fn by(holder: Option<&Holder>) -> String {
    holder.map_or_else(|| "a build".to_owned(), Holder::to_string)
}
