//! A solve: what is asked of the daemon, and what comes back.
//!
//! Reads and writes: nothing itself. Unknown here: the channel (`client`), what serves the daemon meanwhile (`attachables`).
//! Source: BuildKit, `api/services/control/control.proto` (`SolveRequest`).

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use oci_spec::image::Descriptor;
use tonic::Status;

use crate::conduit::Conduit;
use crate::content::{CacheError, CacheExport, CacheImport, Intake, LayoutError};
use crate::context::Local;
use crate::contexts::Contexts;
use crate::failure::SolveFailure;
use crate::fault::Fault;
use crate::llb::ExecOp;
use crate::offered_image::OfferedImage;
use crate::registry::{Logins, UsedLogin};
use crate::secrets::Secret;
use crate::session::SessionError;
use crate::sink::{Sink, SinkError};
use crate::ssh::SshAgent;
use oci_image_boundary::handle::Directory;

/// One call of `Control.Solve`, with everything that the daemon may ask for meanwhile.
pub struct Solve {
    /// What turns the locals into a build graph: `dockerfile.v0`.
    pub frontend: String,
    /// A step in place of what a frontend makes: `frontend` is empty then, or the daemon refuses both.
    pub exec: Option<ExecOp>,
    /// The frontend's attributes: `filename`, `target`, `build-arg:K`.
    pub frontend_attributes: BTreeMap<String, String>,
    /// The directories offered to the daemon.
    pub locals: Vec<Local>,
    /// More of them, in a session that solves may share. One that cannot be sent fails each solve that is under way then.
    pub contexts: Option<Arc<Contexts>>,
    /// OCI layouts offered to the daemon, for frontend attributes like `context:NAME=oci-layout://LAYOUT@sha256:...`.
    pub layouts: Vec<OfferedLayout>,
    /// Images in the place of what registries have.
    pub images: Vec<OfferedImage>,
    /// How the result leaves the daemon. Several run at the same time.
    pub exporters: Vec<Exporter>,
    /// What may be reused.
    pub cache_imports: Vec<CacheImport>,
    /// What is left for the next build.
    pub cache_exports: Vec<CacheExport>,
    /// The secrets that steps may mount.
    pub secrets: Vec<Secret>,
    /// The agents that steps may use.
    pub ssh: Vec<SshAgent>,
    /// What steps may send and receive by sockets of ours.
    pub conduits: Vec<Conduit>,
    /// The logins for registries; the solves of a build share them.
    pub logins: Arc<Logins>,
    /// What steps may do beyond the ordinary: `security.insecure`, `network.host`.
    pub entitlements: Vec<String>,
}

/// An OCI layout offered to the daemon under a name.
#[derive(Debug, Clone)]
pub struct OfferedLayout {
    /// The name in `oci-layout://NAME@DIGEST`.
    pub name: String,
    /// The layout.
    pub directory: Directory,
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
    /// An OCI layout as a directory, blob by blob; what was there is replaced. A solve has at most one.
    OciLayout {
        /// Attributes of the exporter.
        attributes: BTreeMap<String, String>,
        /// Where it appears when the solve has succeeded.
        directory: Directory,
        /// Its name there.
        name: OsString,
    },
    /// An image blob by blob, of which only those come that `intake` has not; what the image is says [`Solved::image`]. A solve has
    /// at most one, and no [`Exporter::OciLayout`] beside it.
    Blobs {
        /// Attributes of the exporter.
        attributes: BTreeMap<String, String>,
        /// Takes the blobs.
        intake: Arc<dyn Intake>,
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
#[derive(Debug, Default)]
pub struct Solved {
    /// What the exporters answered, by BuildKit's keys: `containerimage.digest`.
    pub exporter_response: BTreeMap<String, String>,
    /// How many bytes of results came, of those that [`CacheExport::Local`] takes too.
    pub received_bytes: u64,
    /// What went wrong on our side and has not kept the solve from its success: a login that was not to be had, a cache that was not
    /// kept.
    pub fault: Option<Arc<Fault>>,
    /// Why the local cache was not brought up to date or tidied; the image is whole all the same.
    pub cache_error: Option<CacheError>,
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
        cause: Option<Arc<Fault>>,
        /// The logins that registries were given; a refusal is best explained by where its login came from.
        logins: Vec<UsedLogin>,
    },
    /// The daemon reports success, and one of its exports has not come, or not to its end.
    #[error("the daemon reports success, but has not sent the whole `{exporter}` export")]
    NotWhole {
        /// BuildKit's name of the exporter.
        exporter: &'static str,
    },
    /// The daemon reports success, and has sent one of its exports more than once.
    #[error("the daemon reports success, but has sent the `{exporter}` export more than once")]
    Doubled {
        /// BuildKit's name of the exporter.
        exporter: &'static str,
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
    /// The local cache cannot be exported to.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// There is no place for the layout that an exporter sends.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// The frontend has said nothing where it was asked.
    #[error("the frontend does not answer `{request}`")]
    NoAnswer {
        /// What it was asked.
        request: &'static str,
    },
    /// What the frontend answers cannot be read.
    #[error("the frontend does not answer `{request}` as a frontend does")]
    OddAnswer {
        /// What it was asked.
        request: &'static str,
        /// What is wrong with the answer.
        source: serde_json::Error,
    },
    /// A result was received and could not get its final name.
    #[error("cannot publish what the daemon has sent")]
    Publish {
        /// The sink's own error.
        source: SinkError,
    },
}

impl Default for Solve {
    /// Nothing is asked, nothing is offered, nobody is logged in.
    fn default() -> Self {
        Self {
            frontend: String::new(),
            exec: None,
            frontend_attributes: BTreeMap::new(),
            locals: Vec::new(),
            contexts: None,
            layouts: Vec::new(),
            images: Vec::new(),
            exporters: Vec::new(),
            cache_imports: Vec::new(),
            cache_exports: Vec::new(),
            secrets: Vec::new(),
            ssh: Vec::new(),
            conduits: Vec::new(),
            logins: Arc::default(),
            entitlements: Vec::new(),
        }
    }
}

impl Exporter {
    /// BuildKit's name of the exporter.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Docker { .. } => "docker",
            Self::Oci { .. } | Self::OciLayout { .. } | Self::Blobs { .. } => "oci",
            Self::Tar { .. } => "tar",
        }
    }

    /// What takes its stream, if it sends one.
    pub(crate) fn sink(&self) -> Option<(&'static str, Arc<dyn Sink>)> {
        match self {
            Self::Docker { sink, .. } | Self::Oci { sink, .. } | Self::Tar { sink, .. } => {
                Some((self.name(), Arc::clone(sink)))
            }
            Self::OciLayout { .. } | Self::Blobs { .. } => None,
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

    /// The manifest or index of the image as the daemon describes it; `None` if no exporter made an image, or the description is none.
    pub fn image(&self) -> Option<Descriptor> {
        let json = STANDARD.decode(self.descriptor()?).ok()?;
        serde_json::from_slice(&json).ok()
    }

    /// The manifest of the cache as the daemon describes it; `None` if it exported none, as of a solve without steps.
    pub fn cache(&self) -> Option<Descriptor> {
        serde_json::from_str(self.cache_manifest()?).ok()
    }

    /// What the daemon says of the manifest or index, as the JSON of an OCI descriptor in base64.
    pub(crate) fn descriptor(&self) -> Option<&str> {
        self.get("containerimage.descriptor")
    }

    /// What the daemon says of the cache that it exported, as the JSON of an OCI descriptor.
    pub(crate) fn cache_manifest(&self) -> Option<&str> {
        self.get("cache.manifest")
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.exporter_response.get(key).map(String::as_str)
    }
}

impl SolveError {
    /// Tells a failure that the daemon reports from a daemon that no longer reports.
    pub(crate) fn from_status(
        status: Status,
        cause: Option<Arc<Fault>>,
        logins: Vec<UsedLogin>,
    ) -> Self {
        // tonic gives a status a source only if it made the status itself, out of a broken connection.
        if std::error::Error::source(&status).is_some() {
            return Self::Connection {
                source: Box::new(status),
            };
        }
        let failure = Box::new(SolveFailure::from_status(&status));
        Self::Failed {
            failure,
            cause,
            logins,
        }
    }
}
