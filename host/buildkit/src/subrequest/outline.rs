//! What a build of a target reads from outside of its files. The caches that it mounts are none of that: no Dockerfile frontend lists them
//! here ([`Definition`](super::Definition) has them).

use serde::Deserialize;

use super::location::{Location, SourceFile};
use super::question::Subrequest;

/// What a build of a target reads from outside.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Outline {
    /// The target's name; empty for a last stage that has none.
    pub name: String,
    /// What the comment above it says of it.
    pub description: String,
    /// The arguments that its stages declare and that may be given.
    #[serde(deserialize_with = "super::location::or_none")]
    pub args: Vec<Argument>,
    /// The secrets that its steps mount.
    #[serde(deserialize_with = "super::location::or_none")]
    pub secrets: Vec<SecretMount>,
    /// The SSH agents that its steps use.
    #[serde(deserialize_with = "super::location::or_none")]
    pub ssh: Vec<SshMount>,
    /// The files.
    #[serde(deserialize_with = "super::location::or_none")]
    pub sources: Vec<SourceFile>,
}

impl Subrequest for Outline {
    const ID: &'static str = "frontend.outline";
}

/// An argument that a stage declares.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Argument {
    /// Its name.
    pub name: String,
    /// What the comment above it says of it.
    pub description: String,
    /// Its value in this build: as it is given, or as it is declared.
    pub value: String,
    /// Where it is declared.
    pub location: Option<Location>,
}

/// A secret that steps mount.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct SecretMount {
    /// Its id.
    pub name: String,
    /// Whether a step fails without it.
    pub required: bool,
    /// The first mount.
    pub location: Option<Location>,
}

/// An SSH agent that steps use.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct SshMount {
    /// Its id.
    pub name: String,
    /// Whether a step fails without it.
    pub required: bool,
    /// The first mount.
    pub location: Option<Location>,
}
