//! What can be built from a Dockerfile.

use serde::Serialize;

use super::columns::columns;
use super::dockerfile::DockerfileText;
use crate::boundary::outside::within_lines;
use crate::buildkit::subrequest::{Target, Targets};
use crate::executor::{self, BuildError, Frontends, Host, Stop};
use crate::planner::checked_plan::CheckedPlan;

/// The stages of a Dockerfile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stages {
    /// The Dockerfile's path, as the request has it.
    pub dockerfile: String,
    /// The stages, in the order of the file.
    pub stages: Vec<Stage>,
}

/// A stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stage {
    /// By what a request names it (`target`): its name, or its number.
    pub target: String,
    /// Whether it is built where none is named.
    pub default: bool,
    /// What it begins from, as it is written.
    pub base: String,
    /// Its platform, as it is written; empty if it is that of the build.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub platform: String,
    /// What a comment says of it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Its line in the Dockerfile, from 1.
    pub line: Option<u32>,
}

/// Asks what can be built, until that is known or `stop` resolves.
///
/// # Errors
/// [`BuildError`].
pub async fn stages(
    plan: &CheckedPlan,
    host: &Host,
    stop: impl Future<Output = Stop>,
) -> Result<Stages, BuildError> {
    let asking = async |frontends: &Frontends<'_>| frontends.ask::<Targets>().await;
    let answers = executor::inquire(plan, host, stop, asking).await?;
    // They are those of the Dockerfile, whichever is built.
    let targets = answers.into_iter().next().unwrap_or_default();
    let dockerfile = DockerfileText::of(plan, &targets.sources);
    let numbered = targets.targets.into_iter().enumerate();
    Ok(Stages {
        stages: numbered
            .map(|(number, target)| stage(number, target, &dockerfile))
            .collect(),
        dockerfile: dockerfile.path,
    })
}

fn stage(number: usize, target: Target, dockerfile: &DockerfileText) -> Stage {
    Stage {
        target: if target.name.is_empty() {
            number.to_string()
        } else {
            target.name
        },
        default: target.default,
        base: target.base,
        platform: target.platform,
        description: target.description,
        line: dockerfile.line(target.location.as_ref(), None),
    }
}

impl Stages {
    /// For a person: a line a stage.
    #[must_use]
    pub fn text(&self) -> String {
        let row = |stage: &Stage| {
            let from = format!("from {}", within_lines(&stage.base));
            [
                within_lines(&stage.target),
                from,
                within_lines(&stage.platform),
                if stage.default { "default" } else { "" }.to_owned(),
                stage
                    .line
                    .map(|line| format!("line {line}"))
                    .unwrap_or_default(),
                within_lines(&stage.description),
            ]
        };
        let rows: Vec<_> = self.stages.iter().map(row).collect();
        columns(&rows, "")
    }
}
