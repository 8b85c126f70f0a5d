//! What each target of a plan reads from outside, and whether the request gives it.

use std::fmt::Write as _;

use oci_image_schema::plan::Solve;
use serde::Serialize;

use super::columns::columns;
use super::dockerfile::DockerfileText;
use crate::boundary::outside::within_lines;
use crate::buildkit::cache_mount::Sharing;
use crate::buildkit::subrequest::{Definition, Location, Outline};
use crate::executor::{self, BuildError, Frontends, Host, Stop};
use crate::planner::checked_plan::CheckedPlan;

/// What a target reads from outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Needs {
    /// The name of its solve in the plan: `image`, or that of an additional target.
    pub solve: String,
    /// The name of its stage; empty if it has none.
    pub target: String,
    /// What a comment says of the stage.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The arguments that its stages declare, in the order of the Dockerfile.
    pub arguments: Vec<NeededArgument>,
    /// The secrets that its steps mount.
    pub secrets: Vec<NeededMount>,
    /// The SSH agents that its steps use.
    pub ssh: Vec<NeededMount>,
    /// The caches that its steps mount.
    pub caches: Vec<NeededCache>,
}

/// An argument that stages declare.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NeededArgument {
    /// Its name.
    pub name: String,
    /// Its value in this build.
    pub value: String,
    /// Whether the request gives it.
    pub given: bool,
    /// What a comment says of it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The line of the Dockerfile, from 1.
    pub line: Option<u32>,
}

/// A secret or an agent that steps mount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NeededMount {
    /// Its id.
    pub id: String,
    /// Whether a step fails without it.
    pub required: bool,
    /// Whether the request gives it.
    pub given: bool,
    /// The line of the Dockerfile, from 1.
    pub line: Option<u32>,
}

/// A cache that steps mount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NeededCache {
    /// Its id: the mount's `id`, or its target.
    pub id: String,
    /// Where it is mounted.
    pub target: String,
    /// Who may mount it meanwhile.
    pub sharing: Sharing,
    /// Whether what it holds is kept between builds (`cache_mounts`).
    pub kept: bool,
    /// The line of the Dockerfile, from 1.
    pub line: Option<u32>,
}

/// Asks what each target of a plan reads from outside, until that is known or `stop` resolves.
///
/// # Errors
/// [`BuildError`].
pub async fn needs(
    plan: &CheckedPlan,
    host: &Host,
    stop: impl Future<Output = Stop>,
) -> Result<Vec<Needs>, BuildError> {
    let asking = async |frontends: &Frontends<'_>| Ok(asked(plan, frontends).await?.1);
    executor::inquire(plan, host, stop, asking).await
}

/// The same of frontends that are there to be asked, and the Dockerfile.
pub(super) async fn asked(
    plan: &CheckedPlan,
    frontends: &Frontends<'_>,
) -> Result<(DockerfileText, Vec<Needs>), BuildError> {
    let (dockerfile, mut needs) = outlined(plan, frontends).await?;
    let definitions = frontends.ask::<Definition>().await?;
    let reading = Reading {
        plan,
        dockerfile: &dockerfile,
    };
    for (needs, definition) in needs.iter_mut().zip(&definitions) {
        needs.caches = reading.caches(definition);
    }
    Ok((dockerfile, needs))
}

/// The same without the caches, of which a request gives none.
pub(super) async fn outlined(
    plan: &CheckedPlan,
    frontends: &Frontends<'_>,
) -> Result<(DockerfileText, Vec<Needs>), BuildError> {
    let outlines = frontends.ask::<Outline>().await?;
    let sources = outlines.first().map(|outline| outline.sources.as_slice());
    let dockerfile = DockerfileText::of(plan, sources.unwrap_or_default());
    let reading = Reading {
        plan,
        dockerfile: &dockerfile,
    };
    let needs = (plan.solves().iter().zip(outlines))
        .map(|(solve, outline)| reading.needs(&solve.name, outline))
        .collect();
    Ok((dockerfile, needs))
}

/// What frontends say, read beside the plan that they were asked for.
struct Reading<'asked> {
    plan: &'asked CheckedPlan,
    dockerfile: &'asked DockerfileText,
}

impl Reading<'_> {
    fn needs(&self, solve: &str, outline: Outline) -> Needs {
        let secrets = self.plan.secrets().iter().map(|secret| secret.id.as_str());
        let secrets: Vec<&str> = secrets.collect();
        let agents: Vec<&str> = self.plan.ssh().iter().map(|ssh| ssh.id.as_str()).collect();
        let arguments = outline.args.into_iter().map(|argument| NeededArgument {
            given: given(self.plan).any(|name| name == argument.name),
            line: self.line(argument.location.as_ref(), &argument.name),
            name: argument.name,
            value: argument.value,
            description: argument.description,
        });
        let mount = |id: String, required, location: Option<Location>| NeededMount {
            given: secrets.contains(&id.as_str()),
            line: self.line(location.as_ref(), &id),
            required,
            id,
        };
        let agent = |id: String, required, location: Option<Location>| {
            // The default one is mostly named nowhere.
            let word = if id == DEFAULT_AGENT { "type=ssh" } else { &id };
            NeededMount {
                given: agents.contains(&id.as_str()),
                line: self.line(location.as_ref(), word),
                required,
                id,
            }
        };
        Needs {
            solve: solve.to_owned(),
            target: outline.name,
            description: outline.description,
            arguments: arguments.collect(),
            secrets: (outline.secrets.into_iter())
                .map(|one| mount(one.name, one.required, one.location))
                .collect(),
            ssh: (outline.ssh.into_iter())
                .map(|one| agent(one.name, one.required, one.location))
                .collect(),
            caches: Vec::new(),
        }
    }

    fn caches(&self, definition: &Definition) -> Vec<NeededCache> {
        let mounts = definition.cache_mounts().into_iter();
        mounts
            .map(|(cache, location)| {
                let id = self.within_namespace(cache.id);
                NeededCache {
                    line: self.line(location.as_ref(), &cache.target),
                    // What begins with a stage or an image is found by no other step.
                    kept: cache.origin.is_some() && self.is_kept(&id),
                    id,
                    target: cache.target,
                    sharing: cache.sharing,
                }
            })
            .collect()
    }

    fn is_kept(&self, id: &str) -> bool {
        let mounts = self.plan.cache().and_then(|cache| cache.mounts.as_ref());
        mounts.is_some_and(|mounts| mounts.keeps(id))
    }

    /// The id of a cache as a step names it: in the daemon it stands behind the namespace that the build gives its caches.
    fn within_namespace(&self, id: String) -> String {
        let solve = self.plan.solves().first();
        let namespace = solve.and_then(|solve| solve.text(NAMESPACE));
        let namespace = namespace.unwrap_or_default();
        let within = id
            .strip_prefix(namespace)
            .and_then(|id| id.strip_prefix('/'));
        within.map(str::to_owned).unwrap_or(id)
    }

    fn line(&self, location: Option<&Location>, word: &str) -> Option<u32> {
        self.dockerfile.line(location, Some(word))
    }
}

/// The attribute that sets the namespace of caches.
const NAMESPACE: &str = "build-arg:BUILDKIT_CACHE_MOUNT_NS";

/// The id of an agent where a step names none.
const DEFAULT_AGENT: &str = "default";

/// The names of the arguments that a plan gives: all its solves have the same.
pub(super) fn given(plan: &CheckedPlan) -> impl Iterator<Item = &str> {
    let solve = plan.solves().first().into_iter();
    solve.flat_map(Solve::arguments)
}

impl Needs {
    /// For a person: a block of lines.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = match (self.target.as_str(), self.description.as_str()) {
            ("", _) => writeln!(text, "{}: the last stage", within_lines(&self.solve)),
            (name, "") => writeln!(
                text,
                "{}: stage `{}`",
                within_lines(&self.solve),
                within_lines(name)
            ),
            (name, said) => {
                let (solve, name, said) = (
                    within_lines(&self.solve),
                    within_lines(name),
                    within_lines(said),
                );
                writeln!(text, "{solve}: stage `{name}`: {said}")
            }
        };
        let parts = [
            (
                "arguments",
                self.arguments.iter().map(NeededArgument::row).collect(),
            ),
            (
                "secrets",
                self.secrets.iter().map(NeededMount::row).collect(),
            ),
            ("ssh", self.ssh.iter().map(NeededMount::row).collect()),
            (
                "caches",
                self.caches.iter().map(NeededCache::row).collect::<Vec<_>>(),
            ),
        ];
        for (title, rows) in parts {
            if !rows.is_empty() {
                let _ = writeln!(text, "  {title}");
                text.push_str(&columns(&rows, "    "));
            }
        }
        text
    }
}

/// A row of text: what, its value or form, whether it is given, where, and what is said of it.
type Row = [String; 5];

fn line(line: Option<u32>) -> String {
    line.map(|line| format!("line {line}")).unwrap_or_default()
}

impl NeededArgument {
    fn row(&self) -> Row {
        let given = if self.given { "given" } else { "" };
        [
            within_lines(&self.name),
            within_lines(&self.value),
            given.to_owned(),
            line(self.line),
            within_lines(&self.description),
        ]
    }
}

impl NeededMount {
    fn row(&self) -> Row {
        let form = if self.required {
            "required"
        } else {
            "optional"
        };
        let given = if self.given { "given" } else { "not given" };
        [
            within_lines(&self.id),
            form.to_owned(),
            given.to_owned(),
            line(self.line),
            String::new(),
        ]
    }
}

impl NeededCache {
    fn row(&self) -> Row {
        let sharing = match self.sharing {
            Sharing::Shared => "shared",
            Sharing::Private => "private",
            Sharing::Locked => "locked",
        };
        [
            within_lines(&self.id),
            format!("at {}", within_lines(&self.target)),
            sharing.to_owned(),
            line(self.line),
            if self.kept { "kept" } else { "" }.to_owned(),
        ]
    }
}
