//! What a user writes: the object of a request.
//!
//! These types are the source of `oci-image.schema.json`, through the feature `json-schema`. The planner judges the text itself,
//! because it reports every mistake with its place; an object that it accepts always parses into [`Object`] (test).
//! An optional key given empty counts as left out.

use std::collections::BTreeMap;

use serde::Deserialize;

#[cfg(feature = "json-schema")]
use crate::pattern;

/// The description of an image to build.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[cfg_attr(
    feature = "json-schema",
    schemars(
        title = "Object of oci-image",
        extend("not" = {
            "required": ["unpack_rootfs", "image_platform"],
            "properties": {"unpack_rootfs": {"const": true}, "image_platform": {"type": "string", "pattern": ","}},
        })
    )
)]
pub struct Object {
    /// Verbose logs of this program and of buildkitd.
    #[serde(default)]
    #[cfg_attr(feature = "json-schema", schemars(title = "Debug"))]
    pub debug: bool,
    /// Directory of the build context, relative to the working directory. In Concourse it is the name of an input.
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            title = "Build context",
            regex(pattern = pattern::PATH),
            example = &".",
            example = &"repository"
        )
    )]
    pub context: String,
    /// Further inputs, placed below the context: name of the input to its path within the context.
    #[serde(default)]
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            title = "Context inputs",
            extend("propertyNames" = {"pattern": pattern::COMPONENT}),
            extend("additionalProperties" = {"type": "string", "pattern": pattern::BELOW}),
            extend("maxProperties" = 10_000),
            example = serde_json::json!({"library": "vendor/library"})
        )
    )]
    pub context_inputs: BTreeMap<String, String>,
    /// Path of the Dockerfile, relative to the working directory and not to the context; default `<context>/Dockerfile`.
    #[serde(default)]
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            title = "Dockerfile",
            with = "String",
            regex(pattern = pattern::FILE),
            example = &"repository/ci/Dockerfile"
        )
    )]
    pub dockerfile: Option<String>,
    /// Name of the output that holds the image. The directory is `image` whatever the name.
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            title = "Output",
            regex(pattern = pattern::COMPONENT),
            example = &"image"
        )
    )]
    pub output: String,
    /// Keep build cache in the directory `cache` between builds.
    #[serde(default)]
    #[cfg_attr(feature = "json-schema", schemars(title = "Cache"))]
    pub cache: bool,
    /// Stage to build, by name or number; default the last.
    #[serde(default)]
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            title = "Target",
            with = "String",
            regex(pattern = pattern::TARGET),
            example = &"release"
        )
    )]
    pub target: Option<String>,
    /// File whose trimmed text is the stage to build; wins over `target`.
    #[serde(default)]
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            title = "Target file",
            with = "String",
            regex(pattern = pattern::FILE),
            example = &"settings/target"
        )
    )]
    pub target_file: Option<String>,
    /// Stages built as well, each into a directory named after it.
    #[serde(default)]
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            title = "Additional targets",
            inner(regex(pattern = pattern::ADDITIONAL_TARGET)),
            extend("uniqueItems" = true, "maxItems" = 10_000),
            example = serde_json::json!(["tests"])
        )
    )]
    pub additional_targets: Vec<String>,
    /// Build arguments, `NAME=VALUE`. Of one name the last counts; the file of `build_args_file` wins over this list, and
    /// `image_args` over both.
    #[serde(default)]
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            title = "Build arguments",
            inner(regex(pattern = pattern::PAIR)),
            extend("maxItems" = 10_000),
            example = serde_json::json!(["VERSION=1.0"])
        )
    )]
    pub build_args: Vec<String>,
    /// File of build arguments: lines `NAME=VALUE` of which blank ones are skipped and nothing is trimmed, or a YAML map of
    /// names to plain values (`.yml`, `.yaml`).
    #[serde(default)]
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            title = "Build arguments file",
            with = "String",
            regex(pattern = pattern::FILE),
            example = &"settings/args.yml"
        )
    )]
    pub build_args_file: Option<String>,
    /// Labels of the image, `NAME=VALUE`. Of one name the last counts, and the file of `labels_file` wins over this list.
    #[serde(default)]
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            title = "Labels",
            inner(regex(pattern = pattern::PAIR)),
            extend("maxItems" = 10_000),
            example = serde_json::json!(["org.opencontainers.image.title=hello"])
        )
    )]
    pub labels: Vec<String>,
    /// File of labels: lines `NAME=VALUE` of which blank ones are skipped and nothing is trimmed.
    #[serde(default)]
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            title = "Labels file",
            with = "String",
            regex(pattern = pattern::FILE),
            example = &"settings/labels"
        )
    )]
    pub labels_file: Option<String>,
    /// Mirrors of docker.io, asked in this order; short for the mirrors of `docker.io` in `registries`.
    #[serde(default)]
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            title = "Registry mirrors",
            inner(regex(pattern = pattern::MIRROR)),
            extend("maxItems" = 10_000),
            example = serde_json::json!(["mirror.example:5000"])
        )
    )]
    pub registry_mirrors: Vec<String>,
    /// How the daemon talks to registries, by `host` or `host:port`.
    #[serde(default)]
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            title = "Registries",
            extend("propertyNames" = {"pattern": pattern::REGISTRY}, "maxProperties" = 10_000, "default" = {}),
            example = serde_json::json!({"registry.example:5000": {"ca": ["certificates/ca.pem"]}})
        )
    )]
    pub registries: BTreeMap<String, Registry>,
    /// TOML joined table by table with buildkitd's configuration. A setting that a key of the object gives another value is
    /// refused.
    #[serde(default)]
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            title = "Extra configuration",
            with = "String",
            regex(pattern = pattern::TEXT),
            example = &"[worker.oci]\nmax-parallelism = 4\n"
        )
    )]
    pub buildkit_extra_config: Option<String>,
    /// Secrets that steps may mount, by id: the path of a file, or the text itself.
    #[serde(default)]
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            title = "Secrets",
            extend("propertyNames" = {"pattern": pattern::ID}, "maxProperties" = 10_000, "default" = {}),
            example = serde_json::json!({"token": "secrets/token", "password": {"text": "((password))"}})
        )
    )]
    pub buildkit_secrets: BTreeMap<String, Secret>,
    /// SSH agent that steps may mount: `id=path`, or `default` for the agent of `SSH_AUTH_SOCK`. The path is the socket of
    /// an agent, or an unencrypted private key; several keys have commas between them.
    #[serde(default)]
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            title = "SSH",
            with = "String",
            regex(pattern = pattern::SSH),
            example = &"default",
            example = &"deploy=keys/deploy",
            example = &"default=keys/one,keys/two"
        )
    )]
    pub buildkit_ssh: Option<String>,
    /// Also write `rootfs/` and `metadata.json`, which Concourse runs as a task's image. One platform only.
    #[serde(default)]
    #[cfg_attr(
        feature = "json-schema",
        schemars(title = "Unpack the root file system")
    )]
    pub unpack_rootfs: bool,
    /// Images to preload, `NAME=path` of a docker-save archive, an OCI layout directory or an archive of one; the build
    /// argument becomes a reference for `FROM`.
    #[serde(default)]
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            title = "Image arguments",
            inner(regex(pattern = pattern::IMAGE_ARG)),
            extend("maxItems" = 10_000),
            example = serde_json::json!(["BASE=base/image.tar"])
        )
    )]
    pub image_args: Vec<String>,
    /// Extra hosts for RUN steps: `host=address` with commas between.
    #[serde(default)]
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            title = "Extra hosts",
            with = "String",
            regex(pattern = pattern::EXTRA_HOSTS),
            example = &"db=10.0.0.7,cache=10.0.0.8"
        )
    )]
    pub add_hosts: Option<String>,
    /// Platforms with commas between; default the machine's. Several imply `output_oci`.
    #[serde(default)]
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            title = "Platform",
            with = "String",
            regex(pattern = pattern::PLATFORMS),
            example = &"linux/arm64",
            example = &"linux/amd64,linux/arm64"
        )
    )]
    pub image_platform: Option<String>,
    /// Write an OCI layout directory, `image/image`, in place of the archive `image/image.tar`.
    #[serde(default)]
    #[cfg_attr(feature = "json-schema", schemars(title = "OCI layout"))]
    pub output_oci: bool,
}

/// How the daemon talks to one registry. A flag that is left out is not the same as one that is false.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct Registry {
    /// Registries asked first, in this order.
    #[serde(default)]
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            inner(regex(pattern = pattern::MIRROR)),
            extend("maxItems" = 10_000)
        )
    )]
    pub mirrors: Vec<String>,
    /// Plain HTTP; where left out, for a loopback registry alone.
    #[serde(default)]
    #[cfg_attr(feature = "json-schema", schemars(with = "bool"))]
    pub http: Option<bool>,
    /// HTTPS without verification of the certificate.
    #[serde(default)]
    #[cfg_attr(feature = "json-schema", schemars(with = "bool"))]
    pub insecure: Option<bool>,
    /// Files of certificate authorities.
    #[serde(default)]
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            inner(regex(pattern = pattern::PATH)),
            extend("maxItems" = 10_000)
        )
    )]
    pub ca: Vec<String>,
    /// Client certificates.
    #[serde(default)]
    #[cfg_attr(feature = "json-schema", schemars(extend("maxItems" = 10_000, "default" = [])))]
    pub keypair: Vec<KeyPair>,
    /// Directories of certificates: `*.crt` authorities, `*.cert` and `*.key` pairs.
    #[serde(default)]
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            inner(regex(pattern = pattern::PATH)),
            extend("maxItems" = 10_000)
        )
    )]
    pub tlsconfigdir: Vec<String>,
}

/// A client certificate and its key.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct KeyPair {
    /// File of the private key.
    #[cfg_attr(feature = "json-schema", schemars(regex(pattern = pattern::REQUIRED_FILE)))]
    pub key: String,
    /// File of the certificate.
    #[cfg_attr(feature = "json-schema", schemars(regex(pattern = pattern::REQUIRED_FILE)))]
    pub cert: String,
}

/// A secret: a file's path, or the text itself.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub enum Secret {
    /// Path of the file that holds it.
    File(
        #[cfg_attr(feature = "json-schema", schemars(regex(pattern = pattern::REQUIRED_FILE)))]
        String,
    ),
    /// The text itself; the host takes it out before the planner is asked.
    Inline(InlineSecret),
}

/// A secret written into the object.
// `Debug` does not show it: see below.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct InlineSecret {
    /// The text.
    #[cfg_attr(feature = "json-schema", schemars(length(min = 1), regex(pattern = pattern::TEXT)))]
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
