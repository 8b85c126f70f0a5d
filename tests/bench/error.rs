//! What can go wrong while measuring. A goal that is missed is none of it.

use std::{io, path::PathBuf, process::ExitStatus};

use crate::cases;

/// Why there are no figures.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BenchError {
    #[error("no case is named `{name}`; there are: {}", cases::names())]
    UnknownCase { name: String },
    #[error("`{}` is not there: `{command}` makes it", path.display())]
    Missing {
        path: PathBuf,
        command: &'static str,
    },
    #[error("`{name}` is not on PATH: `make setup` installs it")]
    NotOnPath { name: &'static str },
    #[error("cannot {act} `{}`", path.display())]
    File {
        act: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("cannot run `{program}`")]
    Run { program: String, source: io::Error },
    #[error("`{program}` ended with {status}; the end of its log:\n{log}")]
    Failed {
        program: String,
        status: ExitStatus,
        log: String,
    },
    #[error("a host of the planner printed what is no figure: `{line}`")]
    Line {
        line: String,
        source: serde_json::Error,
    },
    #[error("cannot serve the image `{}`", path.display())]
    Image {
        path: PathBuf,
        source: Box<dyn std::error::Error>,
    },
    #[error("`buildkitd` does not answer; the end of its log:\n{log}")]
    NotReady { log: String },
}

impl BenchError {
    /// For `map_err`: what was being done to which file.
    pub(crate) fn file(
        act: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { act, path, source }
    }

    /// For `map_err`: the image that was being served.
    pub(crate) fn image<E: std::error::Error + 'static>(
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(E) -> Self {
        let path = path.into();
        move |source| Self::Image {
            path,
            source: Box::new(source),
        }
    }
}
