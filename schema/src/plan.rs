//! What will be built, with no choice left open; what of it only run time knows is a variant that the host fills.
//!
//! What `oci-image plan` prints is [`BuildPlan::print`]: one JSON object whose first key is `version`, the number [`VERSION`] of this
//! form, and whose others are the fields of a [`BuildPlan`], with the same names and in the same order as in `planner.wit`, in
//! snake case. A variant is an object with one key, or a bare string where it carries nothing; an option that is absent is null.
//! The number grows when a reader of the old form would misread the new one: when a field goes, or changes its meaning. A field
//! that is added does not make it grow, and a reader passes over fields that it does not know.
//! [`BuildPlan::parse`] reads it back.
//!
//! Source: `planner.wit`, interface `types`.

use serde::{Deserialize, Serialize};

use crate::diagnostic::Diagnostic;

/// The version of the printed form.
pub const VERSION: u32 = 1;

/// A printed plan that cannot be read.
#[derive(Debug)]
pub enum PlanTextError {
    /// It is not JSON, or not of this form.
    Form(serde_json::Error),
    /// It has no version.
    NoVersion,
    /// It is of a form that this version of the program does not know.
    Version {
        /// What it says.
        found: u64,
    },
}

impl std::fmt::Display for PlanTextError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Form(_) => formatter.write_str("the text is not a plan"),
            Self::NoVersion => write!(
                formatter,
                "the plan has no `version`: print it anew with `oci-image plan`"
            ),
            Self::Version { found } => write!(
                formatter,
                "the plan is of version {found}, and only version {VERSION} can be read: print it anew with `oci-image plan`"
            ),
        }
    }
}

impl std::error::Error for PlanTextError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Form(error) => Some(error),
            Self::NoVersion | Self::Version { .. } => None,
        }
    }
}

/// The printed form.
#[derive(Serialize)]
struct Printed<'plan, T> {
    version: u32,
    #[serde(flatten)]
    plan: &'plan BuildPlan,
    #[serde(skip_serializing_if = "Option::is_none")]
    outline: Option<T>,
}

/// Everything that is built, and nothing of how the machine does it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildPlan {
    /// buildkitd's configuration, as TOML.
    pub daemon_config: String,
    /// Whether logs are verbose.
    pub debug: bool,
    /// Whether the context is told by what its files hold, whatever their dates.
    #[serde(default)]
    pub context_by_content: bool,
    /// Images to load and serve, in the order of the object.
    pub base_images: Vec<BaseImage>,
    /// Build cache, if it is kept.
    pub cache: Option<Cache>,
    /// Layer caches that the daemon reads itself, in the order of the object.
    #[serde(default)]
    pub cache_from: Vec<LayerCache>,
    /// Those that it writes itself, of the image's own solve.
    #[serde(default)]
    pub cache_to: Vec<LayerCache>,
    /// How layers are compressed.
    #[serde(default)]
    pub compression: Compression,
    /// Secrets, sorted by id.
    pub secrets: Vec<Secret>,
    /// SSH agents, in the order of the object.
    pub ssh: Vec<Ssh>,
    /// Solves that run at the same time; the final one comes last.
    pub solves: Vec<Solve>,
    /// Remarks: the build goes on.
    pub warnings: Vec<Diagnostic>,
}

impl BuildPlan {
    /// The plan as JSON, with the version of its form, on several lines.
    #[must_use]
    pub fn print(&self) -> String {
        self.print_beside(None::<()>)
    }

    /// The same with what is known of the files that are built from, as the key `outline`. Readers of plans pass over it.
    #[must_use]
    pub fn print_beside<T: Serialize>(&self, outline: Option<T>) -> String {
        let printed = Printed {
            version: VERSION,
            plan: self,
            outline,
        };
        let mut text =
            serde_json::to_string_pretty(&printed).expect("a plan has no map with other keys");
        text.push('\n');
        text
    }

    /// Reads what [`Self::print`] wrote.
    ///
    /// # Errors
    /// [`PlanTextError`] if it is not of this version, or of no form at all. The version is judged first.
    pub fn parse(text: &str) -> Result<Self, PlanTextError> {
        #[derive(Deserialize)]
        struct Version {
            version: Option<u64>,
        }
        let Version { version } = serde_json::from_str(text).map_err(PlanTextError::Form)?;
        match version {
            Some(found) if found == u64::from(VERSION) => {
                serde_json::from_str(text).map_err(PlanTextError::Form)
            }
            Some(found) => Err(PlanTextError::Version { found }),
            None => Err(PlanTextError::NoVersion),
        }
    }
}

/// An image that is loaded before the build and served to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaseImage {
    /// The build argument that is set to its reference.
    pub argument: String,
    /// A docker-save archive, an OCI layout directory or an archive of one.
    pub path: String,
}

/// Where build cache is kept between builds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cache {
    /// The directory, which exists.
    pub directory: String,
    /// Whether it holds a cache to import.
    pub import: bool,
    /// The cache mounts, if any are kept.
    #[serde(default)]
    pub mounts: Option<CacheMounts>,
}

/// The cache mounts, `RUN --mount=type=cache`, that are kept beside the build cache.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CacheMounts {
    /// The ids of those that are kept; absent: all that the build mounts.
    pub ids: Option<Vec<String>>,
    /// How many bytes what is kept of them may take together.
    pub limit: u64,
    /// Whether they are restored, and not saved.
    pub read_only: bool,
}

impl CacheMounts {
    /// Whether those of an id are kept, if they are mounted.
    #[must_use]
    pub fn keeps(&self, id: &str) -> bool {
        self.ids
            .as_ref()
            .is_none_or(|ids| ids.iter().any(|kept| kept == id))
    }
}

/// A layer cache that the daemon reads or writes itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerCache {
    /// BuildKit's name of its type: `registry`, `s3`.
    pub kind: String,
    /// What it is told, sorted by key.
    pub attributes: Vec<LayerCacheAttribute>,
}

/// One `key=value` of a layer cache: `ref`, `mode`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerCacheAttribute {
    /// BuildKit's key.
    pub key: String,
    /// Its value.
    pub value: LayerCacheValue,
}

/// The value of an attribute of a layer cache.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LayerCacheValue {
    /// This text.
    Text(String),
    /// A secret in the object, from where the host took it before the planner was asked.
    Inline,
}

/// How layers are compressed that are not, and at which level; without one, the codec's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    /// From 1 to 12.
    Gzip(Option<u8>),
    /// From 1 to 19.
    Zstd(Option<u8>),
}

impl Default for Compression {
    fn default() -> Self {
        Self::Gzip(None)
    }
}

/// Where the bytes of a secret are. The planner never sees them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretSource {
    /// In this file.
    File(String),
    /// In the object, from where the host took them before the planner was asked.
    Inline,
}

/// A secret that steps may mount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret {
    /// `RUN --mount=type=secret,id=...`.
    pub id: String,
    /// Where its bytes are.
    pub source: SecretSource,
}

/// An SSH agent that steps may mount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ssh {
    /// `RUN --mount=type=ssh,id=...`.
    pub id: String,
    /// Sockets of agents, or private key files; empty: the agent of `SSH_AUTH_SOCK`.
    pub paths: Vec<String>,
}

/// One solve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Solve {
    /// What a person calls it: the target's name, or `image` for the final one.
    pub name: String,
    /// Directories it reads.
    pub locals: Vec<Local>,
    /// What the Dockerfile frontend is told, sorted by key.
    pub attributes: Vec<FrontendAttribute>,
    /// Where the image goes; absent: it is built and thrown away.
    pub export: Option<ImageExport>,
}

impl Solve {
    /// The directory that is offered under this name.
    #[must_use]
    pub fn local(&self, name: &str) -> Option<&Local> {
        self.locals.iter().find(|local| local.name == name)
    }

    /// The text of a frontend attribute; `None` too for one that is a base image.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        let mut attributes = self.attributes.iter();
        let attribute = attributes.find(|attribute| attribute.key == key)?;
        match &attribute.value {
            AttributeValue::Text(text) => Some(text),
            AttributeValue::BaseImage(_) => None,
        }
    }

    /// The names of the build arguments that are given, base images among them.
    pub fn arguments(&self) -> impl Iterator<Item = &str> {
        let attributes = self.attributes.iter();
        attributes.filter_map(|attribute| attribute.key.strip_prefix("build-arg:"))
    }
}

/// A directory offered to the daemon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Local {
    /// The frontend's name for it: `context`, `dockerfile`.
    pub name: String,
    /// The directory.
    pub path: String,
}

/// One `key=value` for the frontend: `build-arg:K`, `filename`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrontendAttribute {
    /// BuildKit's key.
    pub key: String,
    /// Its value.
    pub value: AttributeValue,
}

/// The value of a frontend attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttributeValue {
    /// This text.
    Text(String),
    /// The reference under which the host serves the base image of this argument.
    BaseImage(String),
}

/// The form of an exported image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImageFormat {
    /// `image.tar`: a docker-save archive that is also an OCI layout. One platform.
    DockerArchive,
    /// `image/`: a directory in OCI image layout. Any number of platforms.
    OciLayout,
}

/// What is written of one solve's result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageExport {
    /// The directory, which exists: one path component below the working directory.
    pub directory: String,
    /// The form of the image in it.
    pub format: ImageFormat,
    /// Whether `rootfs/` and `metadata.json` are written too.
    pub rootfs: bool,
}
