//! Why a build left nothing, and whose fault that was: the build's, or the engine's and the machine's.

use std::error::Error;
use std::io;
use std::iter;
use std::path::PathBuf;
use std::sync::Arc;

use crate::boundary::cancel::Cancelled;
use crate::boundary::outside::shown;
use crate::buildkit::client::ConnectError;
use crate::buildkit::content::CacheError;
use crate::buildkit::context::FileSyncError;
use crate::buildkit::fault::Fault;
use crate::buildkit::session::SessionError;
use crate::buildkit::solve::SolveError;
use crate::buildkit::ssh::SshError;
use crate::daemon::{DaemonError, Exit, MissingProgram};
use crate::executor::staging::OutputError;
use crate::executor::stop::Stop;
use crate::fleet::NoBuilder;
use crate::image::assembly::AssemblyError;
use crate::image::error::ImageError;
use crate::image::registry::RegistryError;

/// Why a build left nothing.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The build failed: a step, the Dockerfile, a base image. The report is whole, for a person.
    #[error("{report}")]
    Failed {
        /// Several lines: the cause, the lines of the Dockerfile, the end of the log, the exit code.
        report: String,
    },
    /// The daemon failed in the middle of a solve because a disk is full. The report is whole, for a person.
    #[error("no space is left for the daemon in `{}`", shown(directory))]
    NoRoom {
        /// Where it writes.
        directory: PathBuf,
        /// As that of [`BuildError::Failed`].
        report: String,
    },
    /// The daemon did not start, or died, and a disk is full.
    #[error("no space is left for the daemon in `{}`", shown(directory))]
    NoRoomForDaemon {
        /// Where it writes.
        directory: PathBuf,
        /// What it ended with.
        source: Box<BuildError>,
    },
    /// What a path leads to that the request names cannot be opened, although it stood there when the build was planned.
    #[error("cannot open the {what} `{}`", shown(path))]
    Open {
        /// What it is to the build.
        what: &'static str,
        /// The path, as the request has it.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// A base image cannot be served.
    #[error(transparent)]
    BaseImage(#[from] ImageError),
    /// An SSH agent cannot be offered.
    #[error(transparent)]
    Ssh(#[from] SshError),
    /// A program is not installed.
    #[error(transparent)]
    Program(#[from] MissingProgram),
    /// The daemon did not start, or did not end.
    #[error(transparent)]
    Daemon(#[from] DaemonError),
    /// The daemon ended in the middle of the build.
    #[error("buildkitd ended in the middle of the build: {}", .0.status)]
    DaemonDied(Box<Exit>),
    /// The daemon cannot be talked to.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// No builder of the fleet can be used.
    #[error(transparent)]
    NoBuilder(#[from] NoBuilder),
    /// The builder is gone, in the middle of the build.
    #[error("the builder `{}` was lost: {reason}", shown(builder))]
    BuilderLost {
        /// Its address.
        builder: String,
        /// How that was found.
        reason: String,
    },
    /// The builder failed in the middle of a solve because its disk is full. The report is whole, for a person.
    #[error("no space is left on the builder `{}`", shown(builder))]
    NoRoomThere {
        /// Its address.
        builder: String,
        /// As that of [`BuildError::Failed`].
        report: String,
    },
    /// The registry of base images does not serve.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The daemon or this machine failed in the middle of a solve.
    #[error("cannot build `{solve}`", solve = shown(solve))]
    Solve {
        /// The solve's name.
        solve: String,
        /// What failed.
        source: Box<SolveError>,
    },
    /// Something of ours failed in the middle of a solve: a local that cannot be read, a credential helper.
    #[error("cannot build `{solve}`", solve = shown(solve))]
    Fault {
        /// The solve's name.
        solve: String,
        /// What failed; the daemon has said no more of it than that.
        source: Arc<Fault>,
    },
    /// The image was exported, and its digest is not known.
    #[error("the daemon does not tell the digest of `{solve}`", solve = shown(solve))]
    NoDigest {
        /// The solve's name.
        solve: String,
    },
    /// The image was exported, and which manifest or index is its own is not known.
    #[error("the daemon does not describe the image of `{solve}`, or not as one does", solve = shown(solve))]
    NotDescribed {
        /// The solve's name.
        solve: String,
    },
    /// The daemon names the image by what is no digest.
    #[error("the daemon names the image of `{solve}` by `{digest}`, which is no sha256 digest", solve = shown(solve), digest = shown(digest))]
    OddDigest {
        /// The solve's name.
        solve: String,
        /// What it says.
        digest: String,
    },
    /// Blobs are not to be had where they are kept.
    #[error("cannot keep what the daemon sends in `{}`", shown(path))]
    Kept {
        /// Where they are kept.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// The image cannot be put together.
    #[error("cannot put `{}` together", shown(path))]
    Assembly {
        /// The image's name in the output.
        path: PathBuf,
        /// Why not.
        source: AssemblyError,
    },
    /// What several builders have built, each for some platforms, cannot be made one image.
    #[error("cannot join the platforms of `{}`", shown(image))]
    Joining {
        /// The image's name in the output.
        image: String,
        /// What the system answered.
        source: io::Error,
    },
    /// What was exported is not a whole image, or not the one that the daemon reports.
    #[error(
        "what the daemon has sent for `{}` is not the image that it reports",
        shown(path)
    )]
    NotTheImage {
        /// The image's name in the output.
        path: PathBuf,
        /// What is wrong with it.
        source: ImageError,
    },
    /// An output cannot be written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// The build's cache cannot be written.
    #[error("cannot keep the build's cache")]
    Cache(#[from] CacheError),
    /// The image that was exported cannot be read back, to be described in `manifest.json` or `metadata.json`.
    #[error("cannot describe the image in `{}`", shown(path))]
    Metadata {
        /// The output.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The caller does not want the result any more.
    #[error("the build is given up")]
    Cancelled(#[source] Cancelled),
    /// A signal asked for the end.
    #[error("stopped by {}", .0.name)]
    Stopped(Stop),
}

impl BuildError {
    /// How daemon and we have lost each other in the middle of a solve, if that is what it is.
    pub(super) fn loss(&self) -> Option<&'static str> {
        let Self::Solve { source, .. } = self else {
            return None;
        };
        match &**source {
            SolveError::Connection { .. } => Some("its connection has ended"),
            // It has a cause of its own only where the connection broke.
            SolveError::Session(SessionError::Open { source }) if source.source().is_some() => {
                Some("its connection has ended")
            }
            SolveError::Session(SessionError::GivenUp) => {
                Some("it has given up the session, in which it has not heard of us in time")
            }
            _ => None,
        }
    }

    /// The builder that is of no more use to this build, where another may be; and why.
    pub(super) fn lost_builder(&self) -> Option<(&str, &str)> {
        match self {
            Self::BuilderLost { builder, reason } => Some((builder, reason)),
            Self::NoRoomThere { builder, .. } => Some((builder, "no space is left on it")),
            _ => None,
        }
    }

    /// Whether the image holds what no root filesystem can, or the context what cannot be sent: then what is built is at fault, and
    /// no machine.
    #[must_use]
    pub fn is_of_the_image(&self) -> bool {
        let error: &(dyn Error + 'static) = self;
        let is_of_it = |error: &(dyn Error + 'static)| {
            if let Some(FileSyncError::Walk(error)) = error.downcast_ref() {
                return error.is_of_the_tree();
            }
            // It says nothing itself, and is not its own source.
            if let Some(AssemblyError::Rootfs(error)) = error.downcast_ref() {
                return error.is_of_the_stream();
            }
            false
        };
        iter::successors(Some(error), |&error| error.source()).any(is_of_it)
    }

    /// The end of the daemon's log, where it says more than the error.
    #[must_use]
    pub fn daemon_log(&self) -> Option<&str> {
        match self {
            Self::Daemon(error) => error.log(),
            Self::DaemonDied(exit) => Some(&exit.log),
            Self::NoRoomForDaemon { source, .. } => source.daemon_log(),
            _ => None,
        }
    }

    /// The report of a solve that failed, for a person.
    #[must_use]
    pub fn report(&self) -> Option<&str> {
        match self {
            Self::Failed { report }
            | Self::NoRoom { report, .. }
            | Self::NoRoomThere { report, .. } => Some(report),
            _ => None,
        }
    }
}
