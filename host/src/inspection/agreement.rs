//! Where a request and its Dockerfile do not go together: what is given and not asked for, what is asked for and not given.

use std::collections::{BTreeMap, BTreeSet};

use oci_image_schema::code::Code;
use oci_image_schema::diagnostic::{Diagnostic, Place};
use oci_image_schema::plan::BuildPlan;

use super::dockerfile::DockerfileText;
use super::given::{Given, GivenPlace};
use super::needs::{NeededMount, Needs, asked, given};
use crate::boundary::outside::{shown, within_json_lines};
use crate::executor::arguments::{is_predefined, near_miss};
use crate::executor::{self, BuildError, Frontends, Host, Stop};
use crate::planner::checked_plan::CheckedPlan;

/// Secrets that the daemon itself reads for sources of Git, whatever the steps mount.
const READ_BY_THE_DAEMON: [&str; 2] = ["GIT_AUTH_TOKEN", "GIT_AUTH_HEADER"];

/// What each target of a plan reads from outside, and what of that does not go together with the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// By the order of the plan's solves.
    pub needs: Vec<Needs>,
    /// What does not go together.
    pub found: Vec<Diagnostic>,
}

impl Agreed {
    /// A plan as it is printed, with `outline` beside its other keys, and what was found among its warnings.
    #[must_use]
    pub fn print(&self, plan: &BuildPlan) -> String {
        let mut plan = plan.clone();
        plan.warnings.extend(self.found.iter().cloned());
        within_json_lines(&plan.print_beside(Some(&self.needs)))
    }
}

/// Asks that, until it is known or `stop` resolves. `object` is the text that the plan was made from.
///
/// # Errors
/// [`BuildError`].
pub async fn agreed(
    plan: &CheckedPlan,
    object: &str,
    host: &Host,
    stop: impl Future<Output = Stop>,
) -> Result<Agreed, BuildError> {
    let asking = async |frontends: &Frontends<'_>| {
        let (dockerfile, needs) = asked(plan, frontends).await?;
        let found = mistakes(plan, object, &needs, &dockerfile);
        Ok(Agreed { needs, found })
    };
    executor::inquire(plan, host, stop, asking).await
}

/// Everything that does not go together.
pub(super) fn mistakes(
    plan: &CheckedPlan,
    object: &str,
    needs: &[Needs],
    dockerfile: &DockerfileText,
) -> Vec<Diagnostic> {
    let object = Given::of(object);
    let mut found = undeclared(plan, &object, needs);
    let secrets: Vec<&NeededMount> = needs.iter().flat_map(|needs| &needs.secrets).collect();
    let agents: Vec<&NeededMount> = needs.iter().flat_map(|needs| &needs.ssh).collect();
    found.extend(unused_secrets(plan, &object, &secrets));
    let ids = plan.secrets().iter().map(|secret| secret.id.as_str());
    found.extend(absent(&secrets, &SECRET, &ids.collect(), dockerfile));
    let ids = plan.ssh().iter().map(|agent| agent.id.as_str());
    found.extend(absent(&agents, &AGENT, &ids.collect(), dockerfile));
    found.sort_by_key(order);
    found
}

/// As a person reads: the request first, each text from its beginning.
fn order(found: &Diagnostic) -> (bool, u32) {
    match &found.place {
        Some(Place::Object(span)) => (false, span.start),
        Some(Place::File(place)) => (true, place.span.start),
        None => (false, u32::MAX),
    }
}

fn undeclared(plan: &CheckedPlan, object: &Given<'_>, needs: &[Needs]) -> Vec<Diagnostic> {
    let declared = needs.iter().flat_map(|needs| &needs.arguments);
    let declared: BTreeSet<String> = declared.map(|argument| argument.name.clone()).collect();
    given(plan)
        .filter(|name| !is_predefined(name) && !declared.contains(*name))
        .map(|name| {
            let GivenPlace { pointer, place } = object.argument(name);
            let message = format!(
                "argument `{}` is given, and no stage that is built declares it",
                shown(name)
            );
            let near = near_miss(name, &declared);
            Diagnostic {
                pointer,
                place,
                help: Some(match near {
                    Some(near) => format!("did you mean `{}`?", shown(near)),
                    None => {
                        "declare it in the stage that reads it (`ARG`), or leave it out".to_owned()
                    }
                }),
                ..Diagnostic::new(Code::UndeclaredArgument, message)
            }
        })
        .collect()
}

fn unused_secrets(
    plan: &CheckedPlan,
    object: &Given<'_>,
    mounted: &[&NeededMount],
) -> Vec<Diagnostic> {
    let ids: BTreeSet<String> = mounted.iter().map(|secret| secret.id.clone()).collect();
    let is_read = |id: &str| {
        ids.contains(id)
            || READ_BY_THE_DAEMON
                .iter()
                .any(|prefix| id.starts_with(prefix))
    };
    let unused = plan.secrets().iter().filter(|secret| !is_read(&secret.id));
    unused
        .map(|secret| {
            let GivenPlace { pointer, place } = object.secret(&secret.id);
            let id = shown(&secret.id);
            let message = format!("secret `{id}` is given, and no step that is built mounts it");
            let near = near_miss(&secret.id, &ids);
            Diagnostic {
                pointer,
                place,
                help: near.map(|near| format!("did you mean `{}`?", shown(near))),
                ..Diagnostic::new(Code::UnusedSecret, message)
            }
        })
        .collect()
}

/// How what steps mount is called, and given.
struct Mounted {
    name: &'static str,
    required: Code,
    optional: Code,
    key: &'static str,
}

const SECRET: Mounted = Mounted {
    name: "secret",
    required: Code::MissingSecret,
    optional: Code::AbsentSecret,
    key: "buildkit_secrets",
};

const AGENT: Mounted = Mounted {
    name: "SSH agent",
    required: Code::MissingAgent,
    optional: Code::AbsentAgent,
    key: "buildkit_ssh",
};

/// What is mounted and not given: each once, and as required if one target requires it.
fn absent(
    mounted: &[&NeededMount],
    kind: &Mounted,
    given: &BTreeSet<&str>,
    dockerfile: &DockerfileText,
) -> Vec<Diagnostic> {
    let mut absent: BTreeMap<&str, &NeededMount> = BTreeMap::new();
    for mount in mounted.iter().filter(|mount| !mount.given) {
        let known = absent.entry(&mount.id).or_insert(mount);
        if mount.required && !known.required {
            *known = mount;
        }
    }
    let given: BTreeSet<String> = given.iter().map(|id| (*id).to_owned()).collect();
    let mut absent: Vec<&NeededMount> = absent.into_values().collect();
    absent.sort_by_key(|mount| mount.line);
    let tell = |mount: &NeededMount| {
        let (code, verb) = match mount.required {
            true => (kind.required, "requires"),
            false => (kind.optional, "mounts"),
        };
        let (name, id, key) = (kind.name, shown(&mount.id), kind.key);
        let message = format!("a step {verb} the {name} `{id}`, which is not given");
        let help = match near_miss(&mount.id, &given) {
            Some(near) => format!("`{}` is given: did you mean that?", shown(near)),
            None if mount.required => format!("give it by `{key}`"),
            None => format!("the step runs without it; to give it use `{key}`"),
        };
        Diagnostic {
            place: mount.line.and_then(|line| dockerfile.place(line)),
            pointer: format!("/{key}"),
            ..Diagnostic::new(code, message).help(help)
        }
    };
    absent.into_iter().map(tell).collect()
}
