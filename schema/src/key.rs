//! The keys of the object: one row a key.
//!
//! What a row says is said nowhere else: the planner reads by it, the host judges the plan by its own copy of it, a task's parameters,
//! the JSON Schema of a task and README's table are made from it. A key that is only passed on to BuildKit is its row, its field in
//! [`Object`], its pair of fixtures and its build.
//!
//! A key with rules of its own says so ([`Rule::Own`]), and has a reader of its own, which is found by the key's name (`own` in the
//! planner).
//!
//! Source: [`Object`] for the types; BuildKit's Dockerfile frontend for the attributes; `oci-build-task` at 92a783b for the names of
//! parameters.

use crate::object::{Object, Secret};
use crate::passed::Given;
use crate::row::key;

pub use crate::row::{Access, Key, Member, Passed, Paths, Rule, Shape};

/// The keys, in the order of the fields of [`Object`], in which they are listed to whoever mistypes one.
pub const KEYS: &[Key] = &[
    key(240, "debug", Shape::Flag, "bool", "verbose logs").parameter("DEBUG"),
    key(
        10,
        "context",
        Shape::Text,
        "string",
        "directory of the build context, relative to the working directory",
    )
    .own()
    .required(r#""context": ".""#)
    .names(Access::Place, |object| vec![&object.context])
    .parameter("CONTEXT"),
    key(
        30,
        "context_inputs",
        Shape::Map,
        "map of name to path",
        "further inputs, placed below the context",
    )
    .own(),
    key(
        179,
        "context_by_content",
        Shape::Flag,
        "bool",
        "tell the context by what its files hold, not by their dates: for fresh checkouts, where the daemon's root is kept",
    )
    .parameter("CONTEXT_BY_CONTENT"),
    key(
        40,
        "dockerfile",
        Shape::Text,
        "string",
        "path of the Dockerfile; default `<context>/Dockerfile`, else `<context>/dockerfile`",
    )
    .own()
    .names(Access::Place, |object| path(&object.dockerfile))
    .parameter("DOCKERFILE"),
    key(
        20,
        "output",
        Shape::Text,
        "string",
        "name of the output that holds the image; info tells it to Concourse, the files go to `image/`",
    )
    .own()
    .required(r#""output": "image""#),
    key(
        170,
        "cache",
        Shape::Flag,
        "bool",
        "keep build cache in `cache/` between builds",
    ),
    key(
        172,
        "cache_mounts",
        Shape::List,
        "list of ids, or `none`",
        "which cache mounts (`RUN --mount=type=cache`) are kept in `cache/` too, by `id` or else target; `none` or an empty list: none; \
         default all",
    )
    .own()
    .parameter("CACHE_MOUNTS"),
    key(
        174,
        "cache_mounts_limit",
        Shape::Text,
        "string",
        "how much the cache mounts that are kept may take together, such as `500MB`; default `2GiB`",
    )
    .own()
    .parameter("CACHE_MOUNTS_LIMIT"),
    key(
        176,
        "cache_mounts_read_only",
        Shape::Flag,
        "bool",
        "restore cache mounts and save none: for builds of changes that nobody has looked at",
    )
    .parameter("CACHE_MOUNTS_READ_ONLY"),
    key(
        177,
        "cache_from",
        Shape::Lines,
        "list of `type=TYPE,K=V`",
        "layer caches that are read: of a `registry`, `s3`, `azblob` or `gha`; a reference alone is one of a registry",
    )
    .own()
    .parameter("CACHE_FROM"),
    key(
        178,
        "cache_to",
        Shape::Lines,
        "list of `type=TYPE,K=V`",
        "layer caches that the image's steps are written to, or `inline`: into the image; `mode=max`: the steps of all its stages",
    )
    .own()
    .parameter("CACHE_TO"),
    key(
        50,
        "target",
        Shape::Text,
        "string",
        "stage to build; default the last",
    )
    .own()
    .parameter("TARGET"),
    key(
        60,
        "target_file",
        Shape::Text,
        "string",
        "file whose trimmed text is the stage to build",
    )
    .file(|object| path(&object.target_file))
    .parameter("TARGET_FILE"),
    key(
        70,
        "additional_targets",
        Shape::List,
        "list",
        "stages built as well, each into a directory named after it",
    )
    .own()
    .names(Access::Output, |object| texts(&object.additional_targets))
    .parameter("ADDITIONAL_TARGETS"),
    key(
        80,
        "build_args",
        Shape::List,
        "list of `K=V`",
        "build arguments",
    )
    .own()
    .argument("SOURCE_DATE_EPOCH")
    .parameter("BUILD_ARGS")
    .families(&[("BUILD_ARG_", Member::Pair)]),
    key(
        90,
        "build_args_file",
        Shape::Text,
        "string",
        "file of build arguments: lines `K=V` and comments, or a YAML map (`.yml`, `.yaml`)",
    )
    .file(|object| path(&object.build_args_file))
    .parameter("BUILD_ARGS_FILE"),
    key(
        100,
        "labels",
        Shape::List,
        "list of `K=V`",
        "labels of the image",
    )
    .own()
    .parameter("LABELS")
    .families(&[("LABEL_", Member::Pair)]),
    key(
        110,
        "labels_file",
        Shape::Text,
        "string",
        "file of labels: lines `K=V` and comments",
    )
    .file(|object| path(&object.labels_file))
    .parameter("LABELS_FILE"),
    key(
        180,
        "registry_mirrors",
        Shape::List,
        "list",
        "mirrors of docker.io: hosts or URLs",
    )
    .own()
    .parameter("REGISTRY_MIRRORS"),
    key(
        190,
        "registries",
        Shape::Map,
        "map of host to settings",
        "how the daemon talks to a registry: `mirrors`, `http`, `insecure`, `ca`, `keypair`, `tlsconfigdir`",
    )
    .own(),
    key(
        230,
        "buildkit_extra_config",
        Shape::Text,
        "string",
        "TOML merged into the daemon's configuration",
    )
    .own()
    .parameter("BUILDKIT_EXTRA_CONFIG"),
    key(
        205,
        "buildkit_secrets",
        Shape::Map,
        "map of id to path, or to `{\"text\": \"...\"}`",
        "secrets that steps may mount, at most 500 KiB each; texts are masked before anything else reads the request",
    )
    .own()
    .names(Access::Secret, secret_files)
    .families(&[
        ("BUILDKIT_SECRET_", Member::File),
        ("BUILDKIT_SECRETTEXT_", Member::SecretText),
    ]),
    key(
        210,
        "buildkit_ssh",
        Shape::Text,
        "string",
        "SSH agent that steps may mount: `id=PATH`, or `default` for the agent of `SSH_AUTH_SOCK`; the path is an agent's socket or \
         unencrypted private keys, with commas between them",
    )
    .own()
    .names(Access::Agent, agents)
    .parameter("BUILDKIT_SSH"),
    key(
        220,
        "buildkit_frontends",
        Shape::List,
        "list of repositories, or `none`",
        "frontends that a Dockerfile may choose by `# syntax=`, such as `docker/dockerfile`; `none` or an empty list: only the one \
         built in; default any",
    )
    .own()
    .parameter("BUILDKIT_FRONTENDS"),
    key(
        160,
        "unpack_rootfs",
        Shape::Flag,
        "bool",
        "also write `rootfs/` and `metadata.json`",
    )
    .parameter("UNPACK_ROOTFS"),
    key(
        130,
        "image_args",
        Shape::List,
        "list of `ARG=path`",
        "image archives to preload; the build argument becomes a reference to use in `FROM`",
    )
    .own()
    .names(Access::Place, image_archives)
    .parameter("IMAGE_ARGS")
    .families(&[("IMAGE_ARG_", Member::Pair)]),
    key(
        200,
        "add_hosts",
        Shape::Text,
        "string",
        "extra hosts for RUN steps: `host=ip`, comma-separated",
    )
    .own()
    .passed_on("add-hosts", |object| {
        Given::Items(object.add_hosts.as_deref())
    })
    .parameter("BUILDKIT_ADD_HOSTS"),
    key(
        140,
        "image_platform",
        Shape::Text,
        "string",
        "platforms, comma-separated; several imply `output_oci`",
    )
    .own()
    .parameter("IMAGE_PLATFORM"),
    key(
        150,
        "output_oci",
        Shape::Flag,
        "bool",
        "write an OCI layout directory in place of an archive",
    )
    .parameter("OUTPUT_OCI"),
    key(
        152,
        "compression",
        Shape::Text,
        "string",
        "how layers are compressed: `gzip`, the default, or `zstd`, which needs `output_oci`",
    )
    .own()
    .parameter("COMPRESSION"),
    key(
        154,
        "compression_level",
        Shape::Text,
        "string",
        "how hard: a whole number, 1 to 12 for `gzip`, 1 to 19 for `zstd`; default 5 and 3",
    )
    .own()
    .parameter("COMPRESSION_LEVEL"),
];

/// Their names, in the same order.
pub const NAMES: &[&str] = &{
    let (mut names, mut index) = ([""; KEYS.len()], 0);
    while index < KEYS.len() {
        names[index] = KEYS[index].name;
        index += 1;
    }
    names
};

impl Key {
    /// The key of this name.
    #[must_use]
    pub fn of(name: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.name == name)
    }
}

/// A key's text; one given empty counts as left out.
#[must_use]
pub fn given(key: &Option<String>) -> Option<&str> {
    key.as_deref().filter(|text| !text.is_empty())
}

fn path(key: &Option<String>) -> Vec<&str> {
    given(key).into_iter().collect()
}

fn texts(list: &[String]) -> Vec<&str> {
    list.iter().map(String::as_str).collect()
}

fn secret_files(object: &Object) -> Vec<&str> {
    let secrets = object.buildkit_secrets.values();
    secrets
        .filter_map(|secret| match secret {
            Secret::File(path) => Some(path.as_str()),
            Secret::Inline(_) => None,
        })
        .collect()
}

/// The paths in `ARG=path` of an object.
#[must_use]
pub fn image_archives(object: &Object) -> Vec<&str> {
    let pairs = object.image_args.iter();
    pairs
        .filter_map(|pair| pair.split_once('='))
        .map(|(_, path)| path)
        .collect()
}

/// The paths in `id=path,path`.
fn agents(object: &Object) -> Vec<&str> {
    let ssh = object.buildkit_ssh.as_deref();
    let paths = ssh.and_then(|ssh| ssh.split_once('='));
    paths
        .into_iter()
        .flat_map(|(_, paths)| paths.split(','))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_places_differ() {
        for (index, key) in KEYS.iter().enumerate() {
            for other in &KEYS[..index] {
                assert_ne!(key.name, other.name);
                assert_ne!(key.place, other.place, "{}", key.name);
            }
        }
    }

    #[test]
    fn what_is_passed_on_is_no_map_and_a_file_is_a_text() {
        for key in KEYS {
            assert!(
                key.passed.is_none() || key.shape != Shape::Map,
                "{}",
                key.name
            );
            assert!(
                key.rule != Rule::File || key.shape == Shape::Text,
                "{}",
                key.name
            );
        }
    }
}
