//! Why a cache is not kept, or not restored.

use std::io;

use oci_image_boundary::outside::shown;
use oci_image_buildkit::session::SessionError;
use oci_image_buildkit::solve::SolveError;
use oci_image_courier::frame::FrameError;

/// Why a cache is not kept, or not restored.
#[derive(Debug, thiserror::Error)]
pub enum MountError {
    /// The directory of the archives, or of the step's program.
    #[error("cannot {doing} `{}`", shown(name))]
    Keep {
        /// What is tried: `read`, `write`.
        doing: &'static str,
        /// Of what.
        name: String,
        /// The system's answer.
        source: io::Error,
    },
    /// The archive is not what was kept.
    #[error("the archive `{}` is {how}", shown(name))]
    Damaged {
        /// Its name.
        name: String,
        /// In which way: `damaged`, `of another version`.
        how: &'static str,
    },
    /// The cache takes more than may be kept: so many bytes at least.
    #[error("it takes {0} bytes at least, and so many are not kept")]
    TooLarge(u64),
    /// The step says so.
    #[error("{0}")]
    Told(String),
    /// The step and this side do not understand each other, or it is gone.
    #[error("the step that carries it has hung up")]
    Conversation(#[from] FrameError),
    /// The step was not done.
    #[error("the step that carries it has failed")]
    Solve(#[from] SolveError),
    /// There is no session for it.
    #[error(transparent)]
    Session(#[from] SessionError),
}

impl MountError {
    pub(crate) fn keeping(
        doing: &'static str,
        name: impl Into<String>,
    ) -> impl FnOnce(io::Error) -> Self {
        let name = name.into();
        move |source| Self::Keep {
            doing,
            name,
            source,
        }
    }
}
