//! A task file, as an editor judges it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde_json::{Value, json};

use super::params::Params;
use crate::snippet;

/// A task file.
#[derive(JsonSchema)]
#[schemars(
    deny_unknown_fields,
    title = "Task of Concourse that runs oci-image",
    extend("defaultSnippets" = snippet::task())
)]
pub struct Task {
    /// The platform of the worker. This program runs on Linux.
    #[schemars(title = "Platform", extend("enum" = ["linux"]), example = &"linux")]
    pub platform: String,
    /// The image of this program, as a resource.
    #[schemars(
        title = "Image",
        with = "ImageResource",
        example = json!({"type": "registry-image", "source": {"repository": "registry.example/oci-image"}})
    )]
    #[serde(default)]
    pub image_resource: Option<ImageResource>,
    /// The image of this program, as a directory on the worker.
    #[schemars(title = "Root file system", with = "String", example = &"/images/oci-image/rootfs")]
    #[serde(default)]
    pub rootfs_uri: Option<String>,
    /// What the task may use of the worker.
    #[schemars(title = "Limits", with = "Limits", example = json!({"memory": "4GB"}))]
    #[serde(default)]
    pub container_limits: Option<Limits>,
    /// What is built: parameters of the environment.
    #[schemars(title = "Parameters", with = "Params", example = json!({"CONTEXT": "repository"}))]
    #[serde(default)]
    pub params: Option<Params>,
    /// Artifacts that the task is given, each in a directory of its name.
    #[schemars(title = "Inputs", example = json!([{"name": "repository"}]))]
    #[serde(default)]
    pub inputs: Vec<Input>,
    /// Artifacts that the task gives: `image`, and each additional target. What has no directory here is not written.
    #[schemars(title = "Outputs", example = json!([{"name": "image"}]))]
    #[serde(default)]
    pub outputs: Vec<Output>,
    /// Directories that are kept between builds: `cache` for build cache.
    #[schemars(title = "Caches", example = json!([{"path": "cache"}]))]
    #[serde(default)]
    pub caches: Vec<Cache>,
    /// What is run: this program, by the name `build`.
    #[schemars(title = "Command", example = json!({"path": "build"}))]
    pub run: Command,
}

/// The image that the task runs in, as a resource: this program's.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ImageResource {
    /// Type of the resource.
    #[schemars(title = "Type", example = &"registry-image")]
    pub r#type: String,
    /// Where the image is.
    #[schemars(title = "Source", example = json!({"repository": "registry.example/oci-image"}))]
    pub source: BTreeMap<String, Value>,
    /// How it is fetched.
    #[schemars(title = "Parameters of the fetch", with = "BTreeMap<String, Value>", example = json!({"format": "rootfs"}))]
    #[serde(default)]
    pub params: Option<BTreeMap<String, Value>>,
    /// Which version of it.
    #[schemars(
        title = "Version",
        with = "BTreeMap<String, String>",
        example = json!({"digest": "sha256:..."})
    )]
    #[serde(default)]
    pub version: Option<BTreeMap<String, String>>,
}

/// What a task may use.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Limits {
    /// Shares of the processor.
    #[schemars(title = "Processor", with = "u64", example = 512)]
    #[serde(default)]
    pub cpu: Option<u64>,
    /// Memory, in bytes or with a unit.
    #[schemars(title = "Memory", with = "Memory", example = &"4GB")]
    #[serde(default)]
    pub memory: Option<Memory>,
}

/// An amount of memory.
#[derive(JsonSchema)]
#[serde(untagged)]
pub enum Memory {
    /// Bytes.
    Bytes(u64),
    /// A number with a unit: `4GB`.
    Text(String),
}

/// An artifact that the task is given.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Input {
    /// Name of the artifact.
    #[schemars(title = "Name", length(min = 1), example = &"repository")]
    pub name: String,
    /// Where it is put; left out: at its name. `.` makes it the working directory.
    #[schemars(title = "Path", with = "String", example = &"repository/vendor")]
    #[serde(default)]
    pub path: Option<String>,
    /// Whether the task runs without it too.
    #[schemars(title = "Optional")]
    #[serde(default)]
    pub optional: bool,
}

/// An artifact that the task gives.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Output {
    /// Name of the artifact.
    #[schemars(title = "Name", length(min = 1), example = &"image")]
    pub name: String,
    /// The directory that becomes it; left out: that of its name. The image is written to `image`.
    #[schemars(title = "Path", with = "String", example = &"image")]
    #[serde(default)]
    pub path: Option<String>,
}

/// A directory that is kept.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Cache {
    /// The directory.
    #[schemars(title = "Path", length(min = 1), example = &"cache")]
    pub path: String,
}

/// What a task runs: this program by the name `build`, or `oci-image` with the argument `task`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Command {
    /// The program: `build`, or `oci-image` with the argument `task`.
    #[schemars(title = "Program", length(min = 1), example = &"build")]
    pub path: String,
    /// Its arguments.
    #[schemars(title = "Arguments", example = json!(["--progress", "json"]))]
    #[serde(default)]
    pub args: Vec<String>,
    /// The directory that it is run in; left out: that of the inputs and outputs.
    #[schemars(title = "Directory", with = "String", example = &"repository")]
    #[serde(default)]
    pub dir: Option<String>,
    /// The user that runs it; left out: the image's.
    #[schemars(title = "User", with = "String", example = &"root")]
    #[serde(default)]
    pub user: Option<String>,
}
