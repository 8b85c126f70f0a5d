//! A refusal: why a builder is not taken for a build.
//!
//! Reads and writes: nothing.

use std::error::Error as _;
use std::iter;
use std::time::Duration;

use oci_image_boundary::chain::chain;
use oci_image_boundary::outside::{listed, shown};
use oci_image_buildkit::client::ConnectError;

/// Why a builder is not taken.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// It cannot be talked to.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The connection has ended where it should have said who it is: it may have told why, and that may have come.
    #[error("it has ended the connection, and may not know our certificate")]
    Unwelcome {
        /// How the connection ended.
        source: ConnectError,
    },
    /// It says nothing for too long.
    #[error("it does not answer within {} s", within.as_secs())]
    Silent {
        /// How long was waited.
        within: Duration,
    },
    /// It is older than what we ask of it.
    #[error("it is BuildKit {version}, which lacks {lacks}: {least} is the oldest that has it", version = shown(version))]
    TooOld {
        /// What it is.
        version: String,
        /// What it has not.
        lacks: &'static str,
        /// Since when BuildKit has it.
        least: &'static str,
    },
    /// It has no worker.
    #[error("it has no worker")]
    NoWorker,
    /// It has not the platforms that are wanted.
    #[error(
        "it builds for {}, and not for {}{}",
        listed(has),
        listed(wanted),
        if *is_emulated { ", which it emulates: `--emulate` takes it all the same" } else { "" }
    )]
    Platform {
        /// Those that it has.
        has: Vec<String>,
        /// Whether it could emulate the others.
        is_emulated: bool,
        /// Those that it lacks.
        wanted: Vec<String>,
    },
    /// Secrets are not told to it.
    #[error(
        "secrets would be told to whoever answers there: give it certificates (`--builder-tls`), or say `trusted` of it in a file of builders"
    )]
    Unverified,
    /// It was lost in the middle of this build.
    #[error("it was lost in the middle of the build: {reason}")]
    Lost {
        /// How that was found.
        reason: String,
    },
}

impl Refusal {
    /// The same in one line, for a list in which each builder has its name.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Connect(ConnectError::Dial { source, .. }) => chain(source),
            Self::Connect(error) => innermost(error),
            Self::Unwelcome { source } => format!("{self}: {}", innermost(source)),
            refusal => chain(refusal),
        }
    }

    /// Whether it may be taken in a while.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::Connect(_) | Self::Unwelcome { .. } | Self::Silent { .. }
        )
    }
}

/// What happened, and the cause of all: what is between them says no more than that a transport failed.
fn innermost(error: &ConnectError) -> String {
    let ConnectError::Info { source, .. } = error else {
        return chain(error);
    };
    match iter::successors(source.source(), |&error| error.source()).last() {
        Some(cause) => format!("{error}: {cause}"),
        None => format!("{error}: {}", shown(source.message())),
    }
}
