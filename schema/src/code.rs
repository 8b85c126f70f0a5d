//! The rules of a request, by name: every diagnostic carries one of these codes.
//!
//! A code is stable: it is never renamed, and never reused for another rule. Its text may improve.
//! An example is a key of the object (`"context": "."`), a whole object, or, for the rules about files, a file's line.
//! Source: this file; `oci-image explain CODE` prints it.

use serde::{Deserialize, Serialize};

macro_rules! codes {
    ($($variant:ident $severity:ident $name:literal: $rule:literal, wrong $wrong:literal, right $right:literal;)*) => {
        /// The name of a rule.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $rule] $variant,)*
        }

        impl Code {
            /// Every code, in the order in which a reader of the object meets them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name, in kebab case: `unknown-key`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Whether a breach of the rule ends the build.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)* }
            }

            /// The rule, in one sentence.
            #[must_use]
            pub const fn rule(self) -> &'static str {
                match self { $(Self::$variant => $rule,)* }
            }

            /// A breach of the rule.
            #[must_use]
            pub const fn wrong(self) -> &'static str {
                match self { $(Self::$variant => $wrong,)* }
            }

            /// The same, kept.
            #[must_use]
            pub const fn right(self) -> &'static str {
                match self { $(Self::$variant => $right,)* }
            }
        }
    };
}

codes! {
    // The text, and the types of its values.
    MalformedMessage Error "malformed-message": "a message is a JSON map with the keys `object` and `response_path`",
        wrong r#"{"object": {"context": ".", "output": "image"}}"#,
        right r#"{"object": {"context": ".", "output": "image"}, "response_path": "response.json"}"#;
    NotARequest Error "not-a-request": "a file is a request: an object, a message, or a task of Concourse",
        wrong r#"jobs: []"#, right r#"target: app"#;
    UnsupportedYaml Error "unsupported-yaml": "a request in YAML is what JSON can say: no key is a list or map, and each value is what its tag says",
        wrong r#"build_args: [!!int x]"#, right r#"build_args: ["VERSION=1"]"#;
    IgnoredYaml Warning "ignored-yaml": "a request in YAML is one document, and has no tags but those of YAML: others count for nothing",
        wrong r#"target: !secret app"#, right r#"target: app"#;
    SwallowedItem Warning "swallowed-item": "each item of a list in YAML begins on a line of its own",
        wrong r#"build_args: [A=1 - B=2]"#, right r#"build_args: [A=1, B=2]"#;
    OtherProgram Warning "other-program": "a task file runs this program by the name `build`, itself or from a shell; of others nothing is judged",
        wrong r#"run: {path: make}"#, right r#"run: {path: build}"#;
    RewrittenValue Warning "rewritten-value": "a value of a task file is a text: another is written anew by Concourse",
        wrong r#"TARGET: 0755"#, right r#"TARGET: "0755""#;
    UnknownParameter Warning "unknown-parameter": "a variable of a task whose name is close to a parameter's is that parameter",
        wrong r#"DOCKERFLE: ci/Dockerfile"#, right r#"DOCKERFILE: ci/Dockerfile"#;
    UnfilledVariable Error "unfilled-variable": "what is built from a task file has no `((variable))`, which only Concourse can fill in",
        wrong r#"TARGET: ((target))"#, right r#"TARGET: app"#;
    ObjectTooLarge Error "object-too-large": "the object's text holds at most 4 MiB",
        wrong r#"(an object with files pasted into it)"#, right r#""build_args_file": "args.yml""#;
    InvalidJson Error "invalid-json": "the object is valid JSON",
        wrong r#"{"context": ".", "output": "image",}"#, right r#"{"context": ".", "output": "image"}"#;
    WrongType Error "wrong-type": "each key takes the type that its description names",
        wrong r#""build_args": "VERSION=1""#, right r#""build_args": ["VERSION=1"]"#;
    NullValue Error "null-value": "no required value is null, and no element of a list",
        wrong r#""labels": [null]"#, right r#""labels": []"#;
    UnknownKey Error "unknown-key": "each key is one that the object defines",
        wrong r#""dockerfil": "ci/Dockerfile""#, right r#""dockerfile": "ci/Dockerfile""#;
    DuplicateKey Error "duplicate-key": "each key is written once",
        wrong r#""target": "app", "target": "test""#, right r#""target": "app""#;
    MissingKey Error "missing-key": "a required key is given",
        wrong r#"{"output": "image"}"#, right r#"{"context": ".", "output": "image"}"#;
    EmptyValue Error "empty-value": "a required value, a name and an element of a list are not empty",
        wrong r#""registry_mirrors": [""]"#, right r#""registry_mirrors": ["mirror.example"]"#;
    IgnoredEmpty Warning "ignored-empty": "an optional key that is empty or null counts as left out",
        wrong r#""dockerfile": """#, right r#""dockerfile": "ci/Dockerfile""#;
    InvalidCharacter Error "invalid-character": "no string holds a NUL, and no name or path a control character",
        wrong r#""dockerfile": "ci/\u0000Dockerfile""#, right r#""dockerfile": "ci/Dockerfile""#;
    TooManyElements Error "too-many-elements": "a list or map holds at most 10,000 elements",
        wrong r#"(a list of 10,001 build arguments)"#, right r#""build_args_file": "args.yml""#;
    TooLong Error "too-long": "`buildkit_extra_config` holds at most 128 KiB",
        wrong r#"(a configuration of a megabyte)"#, right r#""buildkit_extra_config": "[dns]\nnameservers = [\"10.0.0.2\"]""#;
    TooManyMistakes Error "too-many-mistakes": "at most 100 mistakes are reported",
        wrong r#"(an object with 101 mistakes)"#, right r#"(an object with 100 mistakes or fewer)"#;

    // Names and pairs.
    BadName Error "bad-name": "the name of an input or output is one path component",
        wrong r#""output": "images/app""#, right r#""output": "app-image""#;
    BadTarget Error "bad-target": "a target is a name that a stage can have, or a stage's number",
        wrong r#""target": "my stage""#, right r#""target": "my-stage""#;
    ReservedName Error "reserved-name": "an additional target is not named as a directory that has another use: `image`, `cache`",
        wrong r#""additional_targets": ["image"]"#, right r#""additional_targets": ["app"]"#;
    RepeatedTarget Warning "repeated-target": "an additional target is listed once; otherwise it is built once",
        wrong r#""additional_targets": ["app", "app"]"#, right r#""additional_targets": ["app"]"#;
    RepeatedOutput Error "repeated-output": "no two outputs have one name",
        wrong r#"{"context": ".", "output": "app", "additional_targets": ["app"]}"#,
        right r#"{"context": ".", "output": "image", "additional_targets": ["app"]}"#;
    OverriddenTarget Warning "overridden-target": "`target_file` wins over `target`",
        wrong r#""target": "app", "target_file": "stage.txt""#, right r#""target_file": "stage.txt""#;
    MissingEquals Error "missing-equals": "a build argument, label or image argument is `NAME=VALUE`",
        wrong r#""build_args": ["VERSION"]"#, right r#""build_args": ["VERSION=1"]"#;
    BadArgumentName Error "bad-argument-name": "the name of a build argument is not empty and holds no white space",
        wrong r#""build_args": ["MY VERSION=1"]"#, right r#""build_args": ["MY_VERSION=1"]"#;
    OddArgumentName Warning "odd-argument-name": "a Dockerfile expands only names of letters, digits and `_` that do not begin with a digit",
        wrong r#""build_args": ["my-version=1"]"#, right r#""build_args": ["my_version=1"]"#;
    BadLabelName Error "bad-label-name": "the name of a label is not empty and holds no white space",
        wrong r#""labels": ["my title=x"]"#, right r#""labels": ["org.opencontainers.image.title=x"]"#;
    RepeatedName Warning "repeated-name": "a name is given once in a list or file; otherwise its last value counts",
        wrong r#""build_args": ["VERSION=1", "VERSION=2"]"#, right r#""build_args": ["VERSION=2"]"#;
    OddEntry Warning "odd-entry": "a file of arguments or labels holds names and values as they are meant: no blanks around a name, no `export`, no quotes, one document",
        wrong r#"export VERSION=1"#, right r#"VERSION=1"#;
    OverriddenArgument Warning "overridden-argument": "an image argument wins over a build argument of the same name",
        wrong r#""build_args": ["BASE=alpine"], "image_args": ["BASE=alpine/image.tar"]"#,
        right r#""image_args": ["BASE=alpine/image.tar"]"#;

    // Paths, platforms, hosts.
    BadPath Error "bad-path": "the path of a file does not end with `/`",
        wrong r#""dockerfile": "ci/""#, right r#""dockerfile": "ci/Dockerfile""#;
    InputOutsideContext Error "input-outside-context": "a context input's path is relative and stays below the context",
        wrong r#""context_inputs": {"dep": "../dep"}"#, right r#""context_inputs": {"dep": "vendor/dep"}"#;
    RepeatedInput Error "repeated-input": "no two inputs have one name or one place",
        wrong r#""context_inputs": {"a": "dep", "b": "dep"}"#, right r#""context_inputs": {"a": "dep/a", "b": "dep/b"}"#;
    BadPlatform Error "bad-platform": "a platform is `os/architecture` or `os/architecture/variant`, of names that are known",
        wrong r#""image_platform": "linux/amd46""#, right r#""image_platform": "linux/amd64""#;
    RepeatedPlatform Warning "repeated-platform": "a platform is listed once; otherwise it is built once",
        wrong r#""image_platform": "linux/amd64,linux/x86_64""#, right r#""image_platform": "linux/amd64,linux/arm64""#;
    RootfsPlatforms Error "rootfs-platforms": "`unpack_rootfs` takes one platform",
        wrong r#""unpack_rootfs": true, "image_platform": "linux/amd64,linux/arm64""#,
        right r#""unpack_rootfs": true, "image_platform": "linux/arm64""#;
    BadCompression Error "bad-compression": "`compression` is `gzip` or `zstd`",
        wrong r#""compression": "xz""#, right r#""compression": "gzip""#;
    BadCompressionLevel Error "bad-compression-level": "`compression_level` is a whole number from 1 to 12 for `gzip`, from 1 to 19 for `zstd`",
        wrong r#""compression_level": "13""#, right r#""compression_level": "12""#;
    ZstdArchive Error "zstd-archive": "`zstd` needs `output_oci`: the layers of an archive are gzip",
        wrong r#""compression": "zstd""#, right r#""compression": "zstd", "output_oci": true"#;
    BadHostEntry Error "bad-host-entry": "an extra host is `host=address`",
        wrong r#""add_hosts": "db:10.0.0.7""#, right r#""add_hosts": "db=10.0.0.7,cache=10.0.0.8""#;
    BadHostName Error "bad-host-name": "a host's name is made of labels of letters, digits, `-` and `_`, with dots between",
        wrong r#""add_hosts": "my db=10.0.0.7""#, right r#""add_hosts": "my-db=10.0.0.7""#;
    BadAddress Error "bad-address": "an extra host's address is an IPv4 or IPv6 address",
        wrong r#""add_hosts": "db=10.0.0""#, right r#""add_hosts": "db=10.0.0.7""#;
    BadRegistry Error "bad-registry": "a registry is `host` or `host:port`; a mirror may have a path, and may be a URL of `http` or `https`",
        wrong r#""registry_mirrors": ["ftp://mirror.example"]"#, right r#""registry_mirrors": ["mirror.example:5000/docker"]"#;
    BadFrontend Error "bad-frontend": "a frontend that is allowed is the repository of an image, without tag or digest; `none` stands alone",
        wrong r#""buildkit_frontends": ["docker/dockerfile:1"]"#, right r#""buildkit_frontends": ["docker/dockerfile"]"#;
    BadCacheMount Error "bad-cache-mount": "a cache mount is written by its id alone, or by its target where it has no id; `none` stands alone",
        wrong r#""cache": true, "cache_mounts": ["id=go-build"]"#, right r#""cache": true, "cache_mounts": ["go-build"]"#;
    OddCacheMount Warning "odd-cache-mount": "`cache_mounts` lists ids; a target that is one is written as BuildKit writes it, without `/` at its end",
        wrong r#""cache": true, "cache_mounts": ["/root/.cache/"]"#, right r#""cache": true, "cache_mounts": ["/root/.cache"]"#;
    BadCacheMountsLimit Error "bad-cache-mounts-limit": "`cache_mounts_limit` is a number of bytes above zero, such as `500MB` or `2GiB`",
        wrong r#""cache": true, "cache_mounts_limit": "two gigabytes""#, right r#""cache": true, "cache_mounts_limit": "2GB""#;
    IneffectiveCacheMounts Warning "ineffective-cache-mounts": "what is said of cache mounts counts where `cache` is kept",
        wrong r#""cache_mounts": ["go-build"]"#, right r#""cache": true, "cache_mounts": ["go-build"]"#;
    BadLayerCache Error "bad-layer-cache": "a layer cache is `type=TYPE,NAME=VALUE,...` of a type that BuildKit has, with the attributes of that type, and listed once",
        wrong r#""cache_from": ["type=registry,reg=registry.example/app:cache"]"#, right r#""cache_from": ["type=registry,ref=registry.example/app:cache"]"#;
    BadSsh Error "bad-ssh": "`buildkit_ssh` is `default`, or `id=path`",
        wrong r#""buildkit_ssh": "default,deploy""#, right r#""buildkit_ssh": "deploy=keys/deploy""#;

    // The daemon's configuration.
    InvalidToml Error "invalid-toml": "`buildkit_extra_config` is valid TOML",
        wrong r#""buildkit_extra_config": "[dns\nnameservers = []""#,
        right r#""buildkit_extra_config": "[dns]\nnameservers = [\"10.0.0.2\"]""#;
    ConflictingConfig Error "conflicting-config": "one setting of the daemon is given one value",
        wrong r#""debug": true, "buildkit_extra_config": "log.level = \"info\"""#,
        right r#""buildkit_extra_config": "log.level = \"info\"""#;
    IneffectiveConfig Warning "ineffective-config": "where the daemon listens and keeps its data is not configured: the program decides it",
        wrong r#""buildkit_extra_config": "root = \"/data\"""#, right r#""buildkit_extra_config": "[history]\nmaxEntries = 10""#;
    SettingType Error "setting-type": "a setting of `buildkit_extra_config` has the type that buildkitd reads",
        wrong r#""buildkit_extra_config": "[worker.oci]\ngc = \"false\"""#,
        right r#""buildkit_extra_config": "[worker.oci]\ngc = false""#;
    UnknownConfig Warning "unknown-config": "a setting of `buildkit_extra_config` is one that buildkitd reads",
        wrong r#""buildkit_extra_config": "[regstry.\"a.example\"]\nhttp = true""#,
        right r#""buildkit_extra_config": "[registry.\"a.example\"]\nhttp = true""#;

    // The files that the object names.
    MissingPath Error "missing-path": "what the object names exists",
        wrong r#""dockerfile": "Dockerfil""#, right r#""dockerfile": "Dockerfile""#;
    NotADirectory Error "not-a-directory": "a directory stands where one is named",
        wrong r#""context": "Dockerfile""#, right r#""context": ".""#;
    NotAFile Error "not-a-file": "a file stands where one is named",
        wrong r#""dockerfile": "ci""#, right r#""dockerfile": "ci/Dockerfile""#;
    UnreadableFile Error "unreadable-file": "a file that the planner reads is small UTF-8 text",
        wrong r#""labels_file": "labels.tar""#, right r#""labels_file": "labels.txt""#;
    SecretTooLarge Error "secret-too-large": "a secret holds at most 500 KiB, which is what BuildKit takes",
        wrong r#"(a secret that is an archive)"#, right r#"(a secret that is the archive's key)"#;
    InvalidYaml Error "invalid-yaml": "what is written in YAML is YAML; a `build_args_file` of it is one map of names to plain values",
        wrong r#"VERSION: [1, 2]"#, right r#"VERSION: "1.2""#;
    EmptyFile Warning "empty-file": "`target_file` holds a stage's name; otherwise the last stage is built",
        wrong r#"(a file of blank lines)"#, right r#"app"#;
    CarriageReturn Warning "carriage-return": "a line ends with a line feed alone: a carriage return before it becomes part of the value",
        wrong r#"VERSION=1 (and a carriage return)"#, right r#"VERSION=1"#;
    MissingInput Warning "missing-input": "a context input stands at its place below the context",
        wrong r#""context_inputs": {"dep": "vendor/deb"} (and the directory is vendor/dep)"#,
        right r#""context_inputs": {"dep": "vendor/dep"}"#;
    NotExported Warning "not-exported": "an image is exported where its output directory exists",
        wrong r#""additional_targets": ["app"] (and no directory `app`)"#,
        right r#""additional_targets": ["app"] (and the task has the outputs `image` and `app`)"#;
    CacheMissing Warning "cache-missing": "build cache is kept where the directory `cache` exists",
        wrong r#""cache": true (and no task cache at `cache`)"#, right r#""cache": true (and the task has `caches: [{path: cache}]`)"#;

    // What the steps of a pipeline give each other: `validate` of a pipeline.
    UnprivilegedTask Warning "unprivileged-task": "a task of a pipeline that builds an image is privileged",
        wrong r#"(a step `{task: build, file: src/ci/build.yml}`)"#,
        right r#"(a step `{task: build, privileged: true, file: src/ci/build.yml}`)"#;
    MissingArtifact Error "missing-artifact": "what a task takes and what a `put` pushes is given by a step of the same job",
        wrong r#"(a task with the input `src`, and no `get: src`)"#,
        right r#"(a task with the input `src`, and `get: src` before it)"#;
    PathOutsideInputs Error "path-outside-inputs": "a path of a task in a pipeline leads into one of its inputs",
        wrong r#"(`CONTEXT: repo`, and `inputs: [{name: repository}]`)"#,
        right r#"(`CONTEXT: repository`, and `inputs: [{name: repository}]`)"#;
    EmptyOutput Warning "empty-output": "an output of a task in a pipeline is a directory that the build writes: `image`, or that of an additional target",
        wrong r#"(`outputs: [{name: app}]`)"#, right r#"(`outputs: [{name: app, path: image}]`)"#;
    WrongImageFile Error "wrong-image-file": "a step reads what the build before it writes: `image.tar`; with `OUTPUT_OCI` or several platforms the layout `image`; with `UNPACK_ROOTFS` a root filesystem",
        wrong r#"(`OUTPUT_OCI: true`, and `put: app` with `params: {image: image/image.tar}`)"#,
        right r#"(`OUTPUT_OCI: true`, and `put: app` with `params: {image: image/image}`)"#;

    // Where it is built: a daemon that is not ours is not ours to set.
    SettingOfBuilder Error "setting-of-builder": "a request that is built on a builder sets nothing of the daemon: whoever runs that does",
        wrong r#"("registry_mirrors": ["mirror.example"], and `--builder tcp://builder.example:1234`)"#,
        right r#"(`[registry."docker.io"] mirrors = ["mirror.example"]` in the builder's `buildkitd.toml`)"#;

    // What the Dockerfile reads, which only its frontend knows: `check`, and `plan --outline`.
    UnbuildableDockerfile Error "unbuildable-dockerfile": "a Dockerfile is one that its frontend can read",
        wrong r#"(`RUN` without a command)"#, right r#"(`RUN make`)"#;
    UndeclaredArgument Warning "undeclared-argument": "a build argument is declared by a stage that is built",
        wrong r#"("build_args": ["VERSION=1"], and no `ARG VERSION`)"#,
        right r#"("build_args": ["VERSION=1"], and `ARG VERSION` in the stage that reads it)"#;
    UnusedSecret Warning "unused-secret": "a secret that is given is mounted by a step that is built",
        wrong r#"("buildkit_secrets": {"tokn": {"file": "token"}}, and `RUN --mount=type=secret,id=token`)"#,
        right r#"("buildkit_secrets": {"token": {"file": "token"}}, and `RUN --mount=type=secret,id=token`)"#;
    MissingSecret Error "missing-secret": "a secret that a step requires is given",
        wrong r#"(`RUN --mount=type=secret,id=token,required=true make`, and no secret `token`)"#,
        right r#"("buildkit_secrets": {"token": {"file": "token"}})"#;
    AbsentSecret Warning "absent-secret": "a secret that a step mounts is given; otherwise the step runs without it",
        wrong r#"(`RUN --mount=type=secret,id=token make`, and no secret `token`)"#,
        right r#"("buildkit_secrets": {"token": {"file": "token"}})"#;
    MissingAgent Error "missing-agent": "an SSH agent that a step requires is given",
        wrong r#"(`RUN --mount=type=ssh,required=true git fetch`, and no agent)"#, right r#""buildkit_ssh": "default""#;
    AbsentAgent Warning "absent-agent": "an SSH agent that a step uses is given; otherwise the step runs without it",
        wrong r#"(`RUN --mount=type=ssh git fetch`, and no agent)"#, right r#""buildkit_ssh": "default""#;
}

impl Code {
    /// The code of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.name() == name)
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name())
    }
}

/// How severe a breach of a rule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Nothing is built.
    Error,
    /// The build goes on.
    Warning,
}

impl Severity {
    /// The case of that number in `planner.wit`: what `wit-bindgen` calls where a component is given a diagnostic.
    #[must_use]
    pub const fn _lift(case: u8) -> Self {
        match case {
            0 => Self::Error,
            _ => Self::Warning,
        }
    }

    /// The name, as it is written for people and programs: `error` or `warning`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kebab_case_unique_and_found_again() {
        for (index, code) in Code::ALL.iter().enumerate() {
            let name = code.name();
            assert!(
                name.bytes()
                    .all(|byte| byte == b'-' || byte.is_ascii_lowercase()),
                "{name}"
            );
            assert_eq!(Code::from_name(name), Some(*code));
            assert!(
                Code::ALL[..index].iter().all(|other| other.name() != name),
                "{name}"
            );
        }
    }

    #[test]
    fn rules_are_one_line_without_a_full_stop() {
        for code in Code::ALL {
            assert!(
                !code.rule().ends_with('.') && !code.rule().contains('\n'),
                "{code}"
            );
        }
    }
}
