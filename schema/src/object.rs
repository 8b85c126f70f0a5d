//! What a user writes: the object of a request.
//!
//! These types are the source of `oci-image.schema.json`, through the feature `json-schema`. The planner judges the text itself,
//! because it reports every mistake with its place; an object that it accepts always parses into [`Object`] (test).
//! An optional key given empty, or null, counts as left out.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::presence::or_default;
#[cfg(feature = "json-schema")]
use crate::{
    cache_mounts::{DEFAULT_LIMIT_TEXT, NO_MOUNT},
    compression, condition,
    frontend::NO_FRONTEND,
    object_caches::LayerCaches,
    pattern, platform, snippet,
};

pub use crate::object_registry::{KeyPair, Registry};
pub use crate::object_secret::{InlineSecret, Secret};

/// The description of an image to build.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[cfg_attr(
    feature = "json-schema",
    schemars(
        title = "Object of oci-image",
        extend("defaultSnippets" = snippet::object()),
        extend("if" = condition::several_platforms(), "then" = condition::no_rootfs()),
        extend("allOf" = condition::compression())
    )
)]
pub struct Object {
    /// The JSON Schema that an editor judges the object by: its address, or its path from the file. The program ignores it.
    // Private: what is for editors alone must decide nothing.
    #[serde(default, rename = "$schema")]
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            title = "JSON Schema",
            with = "String",
            regex(pattern = pattern::text()),
            example = &"./oci-image.schema.json"
        )
    )]
    schema: Option<String>,
    /// Verbose logs of this program and of buildkitd.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(feature = "json-schema", schemars(title = "Debug"))]
    pub debug: bool,
    /// Directory of the build context, relative to the working directory. In Concourse it is the name of an input.
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            title = "Build context",
            regex(pattern = pattern::filled()),
            example = &".",
            example = &"repository"
        )
    )]
    pub context: String,
    /// Further inputs, placed below the context: name of the input to its path within the context.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            title = "Context inputs",
            extend("propertyNames" = {"pattern": pattern::component()}),
            extend("defaultSnippets" = snippet::context_inputs()),
            extend("additionalProperties" = {"type": "string", "pattern": pattern::below()}),
            extend("maxProperties" = 10_000),
            example = serde_json::json!({"library": "vendor/library"})
        )
    )]
    pub context_inputs: BTreeMap<String, String>,
    /// Tell the context by what its files hold, whatever their dates: of a fresh checkout nothing is sent that the daemon has, and what did
    /// not change since the last build is dated as it was then. For checkouts that are made anew, on a machine where the daemon's
    /// root is kept. Every file is read at every build; one that changes while it is read fails it.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(feature = "json-schema", schemars(title = "Context by content"))]
    pub context_by_content: bool,
    /// Path of the Dockerfile, relative to the working directory and not to the context; default `<context>/Dockerfile`.
    #[serde(default)]
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            title = "Dockerfile",
            with = "String",
            regex(pattern = pattern::file()),
            example = &"repository/ci/Dockerfile"
        )
    )]
    pub dockerfile: Option<String>,
    /// Name of the output that holds the image. The directory is `image` whatever the name.
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            title = "Output",
            regex(pattern = pattern::component()),
            example = &"image"
        )
    )]
    pub output: String,
    /// Keep build cache in the directory `cache` between builds.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(feature = "json-schema", schemars(title = "Cache"))]
    pub cache: bool,
    /// Cache mounts, `RUN --mount=type=cache`, that are kept with `cache`: the `id` of each, or the target of one that has none, as in
    /// `/root/.cache/go-build`. `none` alone, or an empty list: none is kept. Left out: all that the build mounts.
    #[serde(default)]
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            title = "Cache mounts",
            with = "Vec<String>",
            inner(regex(pattern = pattern::cache_mount())),
            extend("maxItems" = 10_000),
            extend("if" = {"contains": {"const": NO_MOUNT}}, "then" = condition::alone()),
            example = serde_json::json!(["go-build", "/root/.cache/pip"])
        )
    )]
    pub cache_mounts: Option<Vec<String>>,
    /// How much the cache mounts that are kept may take together: a number of bytes, or one with a unit, as in `500MB` or `1.5GiB`. The
    /// largest are left out first.
    #[serde(default)]
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            title = "Limit of cache mounts",
            with = "String",
            regex(pattern = pattern::size()),
            extend("default" = DEFAULT_LIMIT_TEXT),
            example = &"10GiB"
        )
    )]
    pub cache_mounts_limit: Option<String>,
    /// Restore cache mounts, and save none: for builds of changes that nobody has looked at.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(feature = "json-schema", schemars(title = "Read-only cache mounts"))]
    pub cache_mounts_read_only: bool,
    /// Layer caches that are read: `type=TYPE,NAME=VALUE` of the type `registry`, `s3`, `azblob` or `gha`; a reference alone is one of a
    /// registry. One that cannot be read costs time, and ends no build.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(
        feature = "json-schema",
        schemars(title = "Cache from", with = "LayerCaches")
    )]
    pub cache_from: Vec<String>,
    /// Layer caches that the image's steps are written to, or `type=inline`: into the image. `mode=max`: the steps of all its stages;
    /// `ignore-error=true`: one that cannot be written ends no build.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(
        feature = "json-schema",
        schemars(title = "Cache to", with = "LayerCaches")
    )]
    pub cache_to: Vec<String>,
    /// Stage to build, by name or number; default the last.
    #[serde(default)]
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            title = "Target",
            with = "String",
            regex(pattern = pattern::target()),
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
            regex(pattern = pattern::file()),
            example = &"settings/target"
        )
    )]
    pub target_file: Option<String>,
    /// Stages built as well, each into a directory named after it.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            title = "Additional targets",
            inner(regex(pattern = pattern::additional_target())),
            extend("maxItems" = 10_000),
            example = serde_json::json!(["tests"])
        )
    )]
    pub additional_targets: Vec<String>,
    /// Build arguments, `NAME=VALUE`. Of one name the last counts; the file of `build_args_file` wins over this list, and
    /// `image_args` over both.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            title = "Build arguments",
            inner(regex(pattern = pattern::pair())),
            extend("maxItems" = 10_000),
            example = serde_json::json!(["VERSION=1.0"])
        )
    )]
    pub build_args: Vec<String>,
    /// File of build arguments: lines `NAME=VALUE` of which blank ones and comments are skipped and nothing is trimmed, or a YAML
    /// map of names to plain values (`.yml`, `.yaml`).
    #[serde(default)]
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            title = "Build arguments file",
            with = "String",
            regex(pattern = pattern::file()),
            example = &"settings/args.yml"
        )
    )]
    pub build_args_file: Option<String>,
    /// Labels of the image, `NAME=VALUE`. Of one name the last counts, and the file of `labels_file` wins over this list.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            title = "Labels",
            inner(regex(pattern = pattern::pair())),
            extend("maxItems" = 10_000),
            example = serde_json::json!(["org.opencontainers.image.title=hello"])
        )
    )]
    pub labels: Vec<String>,
    /// File of labels: lines `NAME=VALUE` of which blank ones and comments are skipped and nothing is trimmed.
    #[serde(default)]
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            title = "Labels file",
            with = "String",
            regex(pattern = pattern::file()),
            example = &"settings/labels"
        )
    )]
    pub labels_file: Option<String>,
    /// Mirrors of docker.io, asked in this order; short for the mirrors of `docker.io` in `registries`. One that begins with
    /// `http://` is asked by plain HTTP.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            title = "Registry mirrors",
            inner(regex(pattern = pattern::mirror())),
            extend("maxItems" = 10_000),
            example = serde_json::json!(["mirror.example:5000"])
        )
    )]
    pub registry_mirrors: Vec<String>,
    /// How the daemon talks to registries, by `host` or `host:port`.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            title = "Registries",
            extend("propertyNames" = {"pattern": pattern::registry()}, "maxProperties" = 10_000, "default" = {}),
            extend("defaultSnippets" = snippet::registries()),
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
            regex(pattern = pattern::text()),
            example = &"[worker.oci]\nmax-parallelism = 4\n"
        )
    )]
    pub buildkit_extra_config: Option<String>,
    /// Secrets that steps may mount, by id: the path of a file, or the text itself.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            title = "Secrets",
            extend("propertyNames" = {"pattern": pattern::filled()}, "maxProperties" = 10_000, "default" = {}),
            extend("defaultSnippets" = snippet::secrets()),
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
            regex(pattern = pattern::ssh()),
            example = &"default",
            example = &"deploy=keys/deploy",
            example = &"default=keys/one,keys/two"
        )
    )]
    pub buildkit_ssh: Option<String>,
    /// Frontends that a Dockerfile may choose by `# syntax=`, or an argument by `BUILDKIT_SYNTAX`: repositories of images, of which each
    /// tag is allowed; `none` alone, or an empty list: only the frontend that buildkitd has itself. Left out: any. A frontend
    /// runs with access to the context and the secrets.
    #[serde(default)]
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            title = "Frontends",
            with = "Vec<String>",
            inner(regex(pattern = pattern::frontend())),
            extend("maxItems" = 10_000),
            extend("if" = {"contains": {"const": NO_FRONTEND}}, "then" = condition::alone()),
            example = serde_json::json!(["docker/dockerfile"])
        )
    )]
    pub buildkit_frontends: Option<Vec<String>>,
    /// Also write `rootfs/` and `metadata.json`, which Concourse runs as a task's image. One platform only.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(feature = "json-schema", schemars(title = "Unpack root file system"))]
    pub unpack_rootfs: bool,
    /// Images to preload, `NAME=path` of a docker-save archive, an OCI layout directory or an archive of one; the build
    /// argument becomes a reference for `FROM`.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            title = "Image arguments",
            inner(regex(pattern = pattern::image_arg())),
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
            regex(pattern = pattern::extra_hosts()),
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
            regex(pattern = pattern::platforms()),
            extend("examples" = platform::offered())
        )
    )]
    pub image_platform: Option<String>,
    /// Write an OCI layout directory, `image/image`, in place of the archive `image/image.tar`.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(feature = "json-schema", schemars(title = "OCI layout"))]
    pub output_oci: bool,
    /// How layers are compressed: `gzip`, or `zstd`, which is faster and smaller and needs `output_oci`. Layers of a base or of
    /// `cache` that are compressed already stay as they are in a layout.
    #[serde(default)]
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            title = "Compression",
            with = "String",
            regex(pattern = pattern::compression()),
            extend("examples" = compression::NAMES, "default" = compression::GZIP)
        )
    )]
    pub compression: Option<String>,
    /// How hard layers are compressed, in digits: from 1, the fastest, to 12 with `gzip` or 19 with `zstd`, the smallest. Left out
    /// it is 5 with `gzip` and 3 with `zstd`.
    #[serde(default)]
    #[cfg_attr(
        feature = "json-schema",
        schemars(
            title = "Level of compression",
            with = "String",
            regex(pattern = pattern::compression_level()),
            example = &"9"
        )
    )]
    pub compression_level: Option<String>,
}
