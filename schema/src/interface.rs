//! What the message `build` of an object needs and gives: inputs, outputs, caches.
//!
//! Source: RFC 37 and the reference SDK's `config`; `planner.wit`, record `build-interface`.

use serde::{Deserialize, Serialize};

/// A directory that the build takes in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Name of the artifact.
    pub name: String,
    /// Where it is put; absent: at its name.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub path: Option<String>,
}

/// A directory that the build fills.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// Name of the artifact.
    pub name: String,
    /// The directory that holds it.
    pub path: String,
}

/// What the message `build` needs and gives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interface {
    /// The context first, then each entry of `context_inputs`.
    pub inputs: Vec<Input>,
    /// The image first, then each additional target.
    pub outputs: Vec<Output>,
    /// Directories kept between builds.
    pub caches: Vec<String>,
}
