//! What is wrong or unwise in a Dockerfile, and in the request beside it.

use std::collections::{BTreeMap, HashSet};

use oci_image_schema::code::Code;
use oci_image_schema::diagnostic::{Diagnostic, Place, Severity};

use super::agreement;
use super::dockerfile::DockerfileText;
use super::needs::outlined;
use crate::boundary::outside::within_lines;
use crate::buildkit::subrequest::{Lint, LintError, LintWarning};
use crate::executor::{self, BuildError, Frontends, Host, Stop};
use crate::planner::checked_plan::CheckedPlan;

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// What is wrong or unwise; those of the Dockerfile by its line.
    pub found: Vec<Diagnostic>,
    /// The text of each file that places are in, by its path.
    pub files: BTreeMap<String, String>,
}

/// Asks what is wrong or unwise, until that is known or `stop` resolves. `object` is the text that the plan was made from.
///
/// # Errors
/// [`BuildError`].
pub async fn check(
    plan: &CheckedPlan,
    object: &str,
    host: &Host,
    stop: impl Future<Output = Stop>,
) -> Result<Checked, BuildError> {
    let asking = async |frontends: &Frontends<'_>| {
        let lints = frontends.ask::<Lint>().await?;
        let sources = lints.first().map(|lint| lint.sources.as_slice());
        let dockerfile = DockerfileText::of(plan, sources.unwrap_or_default());
        let mut found = unwise(&lints, &dockerfile);
        // What cannot be built has no outline.
        if found.iter().all(|one| one.severity == Severity::Warning) {
            let (_, needs) = outlined(plan, frontends).await?;
            found.extend(agreement::mistakes(plan, object, &needs, &dockerfile));
        }
        Ok((dockerfile, found))
    };
    let (dockerfile, found) = executor::inquire(plan, host, stop, asking).await?;
    Ok(Checked {
        found,
        files: BTreeMap::from([(dockerfile.path, dockerfile.text)]),
    })
}

/// What frontends find, each once: those of several targets read one Dockerfile.
fn unwise(lints: &[Lint], dockerfile: &DockerfileText) -> Vec<Diagnostic> {
    let of_lint = |lint: &Lint| {
        let warnings = lint.warnings.iter().map(|one| warning(one, dockerfile));
        let error = lint.error.iter().map(|error| error_of(error, dockerfile));
        warnings.chain(error).collect::<Vec<_>>()
    };
    let mut found: Vec<Diagnostic> = lints.iter().flat_map(of_lint).collect();
    let mut seen = HashSet::new();
    found.retain(|one| {
        let start = match &one.place {
            Some(Place::File(place)) => Some(place.span.start),
            _ => None,
        };
        seen.insert((start, one.code.clone(), one.message.clone()))
    });
    found
}

fn error_of(error: &LintError, dockerfile: &DockerfileText) -> Diagnostic {
    let line = dockerfile.line(error.location.as_ref(), None);
    Diagnostic {
        place: line.and_then(|line| dockerfile.place(line)),
        ..Diagnostic::new(Code::UnbuildableDockerfile, within_lines(&error.message))
    }
}

fn warning(warning: &LintWarning, dockerfile: &DockerfileText) -> Diagnostic {
    let (said, rule) = (&warning.detail, &warning.description);
    let said = if said.is_empty() { rule } else { said };
    let line = dockerfile.line(warning.location.as_ref(), None);
    Diagnostic {
        code: within_lines(&warning.rule),
        severity: Severity::Warning,
        pointer: String::new(),
        place: line.and_then(|line| dockerfile.place(line)),
        message: within_lines(said),
        help: (!warning.url.is_empty()).then(|| format!("see {}", within_lines(&warning.url))),
        allowed: Vec::new(),
    }
}
