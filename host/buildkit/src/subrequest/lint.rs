//! What a frontend finds wrong or unwise in the files that it would build from.

use serde::Deserialize;

use super::location::{Location, SourceFile};
use super::question::Subrequest;

/// What a frontend finds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Lint {
    /// What is unwise, in the order of the files.
    #[serde(deserialize_with = "super::location::or_none")]
    pub warnings: Vec<LintWarning>,
    /// The files.
    #[serde(deserialize_with = "super::location::or_none")]
    pub sources: Vec<SourceFile>,
    /// Why they cannot be built from at all.
    #[serde(rename = "buildError")]
    pub error: Option<LintError>,
}

impl Subrequest for Lint {
    const ID: &'static str = "frontend.lint";
}

/// One thing that is unwise.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct LintWarning {
    /// The rule: `FromAsCasing`.
    #[serde(rename = "ruleName")]
    pub rule: String,
    /// What the rule asks for.
    pub description: String,
    /// Where more is said of the rule; empty if nowhere.
    pub url: String,
    /// What is against the rule here.
    pub detail: String,
    /// Where.
    pub location: Option<Location>,
}

/// Why files cannot be built from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct LintError {
    /// The frontend's message.
    pub message: String,
    /// Where.
    pub location: Option<Location>,
}
