//! A solve: what is asked of the daemon, and what comes back.
//!
//! Reads and writes: nothing itself. Unknown here: the channel (`client`).
//! Source: BuildKit v0.32.2, `api/services/control/control.proto` (`SolveRequest`).

use std::collections::BTreeMap;
use std::sync::Arc;

use bollard_buildkit_proto::moby::buildkit::v1 as wire;
use tonic::Status;

use crate::buildkit::error::SolveFailure;
use crate::buildkit::fault::Fault;
use crate::buildkit::local::Local;
use crate::buildkit::session::SessionError;
use crate::buildkit::sink::{Sink, SinkError};

/// One call of `Control.Solve`, with everything that the daemon may ask for meanwhile.
#[derive(Default)]
pub struct Solve {
    /// What turns the locals into a build graph: `dockerfile.v0`.
    pub frontend: String,
    /// The frontend's attributes: `filename`, `target`, `build-arg:K`.
    pub frontend_attributes: BTreeMap<String, String>,
    /// The directories offered to the daemon.
    pub locals: Vec<Local>,
    /// How the result leaves the daemon. Several run at the same time.
    pub exporters: Vec<Exporter>,
}

/// How the result of a solve leaves the daemon.
///
/// `attributes` are BuildKit's: `rewrite-timestamp`, `compression`, `name`.
pub enum Exporter {
    /// A `docker save` archive that is also an OCI layout. The daemon refuses more than one platform.
    Docker {
        /// Attributes of the exporter.
        attributes: BTreeMap<String, String>,
        /// Takes the archive.
        sink: Arc<dyn Sink>,
    },
    /// An archive that is an OCI layout.
    Oci {
        /// Attributes of the exporter.
        attributes: BTreeMap<String, String>,
        /// Takes the archive.
        sink: Arc<dyn Sink>,
    },
    /// The merged tree of files, without metadata of an image.
    Tar {
        /// Attributes of the exporter.
        attributes: BTreeMap<String, String>,
        /// Takes the archive.
        sink: Arc<dyn Sink>,
    },
}

/// What a successful solve says of its results.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Solved {
    /// What the exporters answered, by BuildKit's keys: `containerimage.digest`.
    pub exporter_response: BTreeMap<String, String>,
}

/// Why a solve has no result.
#[derive(Debug, thiserror::Error)]
pub enum SolveError {
    /// The daemon reports the solve as failed.
    #[error("{}", failure.message)]
    Failed {
        /// What the daemon says of it.
        failure: Box<SolveFailure>,
        /// What had gone wrong on our side of the session before.
        #[source]
        cause: Option<Box<Fault>>,
    },
    /// No session could be opened.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The daemon is gone, or does not answer as a daemon does.
    #[error("lost the connection to the daemon")]
    Connection {
        /// What the connection reports.
        source: Box<Status>,
    },
    /// A result was received and could not get its final name.
    #[error("cannot publish what the daemon has sent")]
    Publish {
        /// The sink's own error.
        source: SinkError,
    },
}

impl Exporter {
    /// BuildKit's name of the exporter.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Docker { .. } => "docker",
            Self::Oci { .. } => "oci",
            Self::Tar { .. } => "tar",
        }
    }

    pub(crate) fn sink(&self) -> Option<(&'static str, Arc<dyn Sink>)> {
        match self {
            Self::Docker { sink, .. } | Self::Oci { sink, .. } | Self::Tar { sink, .. } => {
                Some((self.name(), Arc::clone(sink)))
            }
        }
    }

    fn to_wire(&self) -> wire::Exporter {
        let attributes = match self {
            Self::Docker { attributes, .. }
            | Self::Oci { attributes, .. }
            | Self::Tar { attributes, .. } => attributes,
        };
        wire::Exporter {
            r#type: self.name().to_owned(),
            attrs: attributes.clone().into_iter().collect(),
        }
    }
}

impl Solve {
    pub(crate) fn request(&self, reference: &str, session: &str) -> wire::SolveRequest {
        wire::SolveRequest {
            r#ref: reference.to_owned(),
            session: session.to_owned(),
            frontend: self.frontend.clone(),
            frontend_attrs: self.frontend_attributes.clone().into_iter().collect(),
            exporters: self.exporters.iter().map(Exporter::to_wire).collect(),
            cache: Some(wire::CacheOptions::default()),
            ..wire::SolveRequest::default()
        }
    }
}

impl Solved {
    /// Digest of the image's config, which is the image ID; `None` if no exporter made an image of one platform.
    pub fn config_digest(&self) -> Option<&str> {
        self.get("containerimage.config.digest")
    }

    /// Digest of the image's manifest, or of its index where it has several platforms or attestations.
    pub fn manifest_digest(&self) -> Option<&str> {
        self.get("containerimage.digest")
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.exporter_response.get(key).map(String::as_str)
    }
}

impl SolveError {
    /// Tells a failure that the daemon reports from a daemon that no longer reports.
    pub(crate) fn from_status(status: Status, cause: Option<Fault>) -> Self {
        // tonic gives a status a source only if it made the status itself, out of a broken connection.
        if std::error::Error::source(&status).is_some() {
            return Self::Connection {
                source: Box::new(status),
            };
        }
        Self::Failed {
            failure: Box::new(SolveFailure::from_status(&status)),
            cause: cause.map(Box::new),
        }
    }
}
