//! What can be built from the files of a build.

use serde::Deserialize;

use super::location::{Location, SourceFile};
use super::question::Subrequest;

/// What can be built.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Targets {
    /// The stages, in the order of the file.
    #[serde(deserialize_with = "super::location::or_none")]
    pub targets: Vec<Target>,
    /// The files.
    #[serde(deserialize_with = "super::location::or_none")]
    pub sources: Vec<SourceFile>,
}

impl Subrequest for Targets {
    const ID: &'static str = "frontend.targets";
}

/// A stage.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Target {
    /// Its name; empty if it has only a number.
    pub name: String,
    /// Whether it is what is built where none is named.
    pub default: bool,
    /// What the comment above it says of it.
    pub description: String,
    /// What it begins from, as it is written.
    pub base: String,
    /// Its platform, as it is written; empty if it is that of the build.
    pub platform: String,
    /// Where it begins.
    pub location: Option<Location>,
}
