//! What a user writes: the object of a request.
//!
//! These types are the source of `oci-image.schema.json`. The planner judges the text itself, because it reports every
//! mistake with its place; an object that it accepts always parses into [`Object`] (test).

use std::collections::BTreeMap;

use serde::Deserialize;

/// The description of an image to build.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Object {
    /// Verbose logs.
    #[serde(default)]
    pub debug: bool,
    /// Directory of the build context, relative to the working directory.
    pub context: String,
    /// Further inputs, placed below the context: name of the input to path.
    #[serde(default)]
    pub context_inputs: BTreeMap<String, String>,
    /// Path of the Dockerfile; default `<context>/Dockerfile`.
    #[serde(default)]
    pub dockerfile: Option<String>,
    /// Name of the output that holds the image.
    pub output: String,
    /// Keep build cache in `cache/` between builds.
    #[serde(default)]
    pub cache: bool,
    /// Stage to build; default the last.
    #[serde(default)]
    pub target: Option<String>,
    /// File whose trimmed text is the stage to build.
    #[serde(default)]
    pub target_file: Option<String>,
    /// Stages built as well, each into a directory named after it.
    #[serde(default)]
    pub additional_targets: Vec<String>,
    /// Build arguments, `K=V`.
    #[serde(default)]
    pub build_args: Vec<String>,
    /// File of build arguments: lines `K=V`, or a YAML map of strings (`.yml`, `.yaml`).
    #[serde(default)]
    pub build_args_file: Option<String>,
    /// Labels, `K=V`.
    #[serde(default)]
    pub labels: Vec<String>,
    /// File of labels: lines `K=V`.
    #[serde(default)]
    pub labels_file: Option<String>,
    /// Mirrors of docker.io.
    #[serde(default)]
    pub registry_mirrors: Vec<String>,
    /// How the daemon talks to registries, by host.
    #[serde(default)]
    pub registries: BTreeMap<String, Registry>,
    /// TOML merged into buildkitd's configuration.
    #[serde(default)]
    pub buildkit_extra_config: Option<String>,
    /// Secrets that steps may mount, by id.
    #[serde(default)]
    pub buildkit_secrets: BTreeMap<String, Secret>,
    /// SSH agent that steps may mount: `id=path[,path...]` or `default`.
    #[serde(default)]
    pub buildkit_ssh: Option<String>,
    /// Also write `rootfs/` and `metadata.json`.
    #[serde(default)]
    pub unpack_rootfs: bool,
    /// Image archives to preload, `ARG=path`.
    #[serde(default)]
    pub image_args: Vec<String>,
    /// Extra hosts for RUN steps: `host=ip`, comma-separated.
    #[serde(default)]
    pub add_hosts: Option<String>,
    /// Platforms, comma-separated; several imply `output_oci`.
    #[serde(default)]
    pub image_platform: Option<String>,
    /// Write an OCI layout directory in place of an archive.
    #[serde(default)]
    pub output_oci: bool,
}

/// How the daemon talks to one registry.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registry {
    /// Hosts asked first.
    #[serde(default)]
    pub mirrors: Vec<String>,
    /// Plain HTTP.
    #[serde(default)]
    pub http: Option<bool>,
    /// HTTPS without verification of the certificate.
    #[serde(default)]
    pub insecure: Option<bool>,
    /// Files of certificate authorities.
    #[serde(default)]
    pub ca: Vec<String>,
    /// Client certificates.
    #[serde(default)]
    pub keypair: Vec<KeyPair>,
    /// Directories of certificates.
    #[serde(default)]
    pub tlsconfigdir: Vec<String>,
}

/// A client certificate and its key.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyPair {
    /// File of the private key.
    pub key: String,
    /// File of the certificate.
    pub cert: String,
}

/// A secret: a file's path, or the text itself.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Secret {
    /// Path of the file that holds it.
    File(String),
    /// The text itself; the host takes it out before the planner is asked.
    Inline(InlineSecret),
}

/// A secret written into the object. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InlineSecret {
    /// The text.
    pub text: String,
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => formatter.debug_tuple("File").field(path).finish(),
            Self::Inline(_) => formatter.write_str("Inline(..)"),
        }
    }
}

impl std::fmt::Debug for InlineSecret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("InlineSecret(..)")
    }
}
