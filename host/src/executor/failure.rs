//! A solve that failed: whose fault that was, and what a person is told of it.
//!
//! Reads: the context, for hints. Writes: nothing. Unknown here: what other solves of the plan came to.

use std::io::Write;

use crate::buildkit::context::{FileSyncError, PatternError, WalkError};
use crate::buildkit::failure::{LineRange, SolveFailure, Source};
use crate::buildkit::fault::Fault;
use crate::buildkit::solve::SolveError;
use crate::executor::asked::Asked;
use crate::executor::error::BuildError;
use crate::executor::opened::Opened;
use crate::executor::room;
use crate::executor::site::Site;
use crate::executor::surroundings::{self, Surroundings};
use crate::planner::checked_plan::CheckedPlan;
use crate::progress::{FailureReport, Known, Progress};

/// Why a build left nothing, if it is for that solve of the plan. Blocking.
pub(super) fn failed(
    plan: &CheckedPlan,
    asked: Asked,
    error: SolveError,
    progress: &Progress<impl Write>,
    site: Site<'_>,
) -> BuildError {
    let Site { host, opened, .. } = site;
    let solve = &plan.solves()[asked.solve];
    let name = solve.name.clone();
    let (failure, logins) = match error {
        SolveError::Failed {
            cause: Some(source),
            failure,
            logins,
        } if pattern(&source).is_some() => (Box::new(malformed(&source, *failure)), logins),
        SolveError::Failed {
            cause: Some(source),
            ..
        } => {
            return BuildError::Fault {
                solve: name,
                source,
            };
        }
        SolveError::Failed {
            failure, logins, ..
        } => (failure, logins),
        error => {
            return BuildError::Solve {
                solve: name,
                source: Box::new(error),
            };
        }
    };
    let surroundings = Surroundings::of(plan, solve, opened);
    let failure = match surroundings.malformed_pattern(&failure) {
        Some(told) => Box::new(told),
        None => Box::new(placed(*failure, progress, opened)),
    };
    let report = FailureReport {
        failure: &failure,
        steps: &progress.failed_steps(),
        target: (plan.solves().len() > 1).then_some(solve.name.as_str()),
        known: Known {
            context: Some(&|directory: &str| surroundings.names(directory)),
            excluding: Some(&|path: &str| surroundings.excluding(path)),
            first_line: Some(&|path: &str| surroundings.first_line(path)),
            secrets: Some(&surroundings.secrets),
        },
        logins: &logins,
        canvas: host.progress.canvas(host.audience.columns()),
    };
    let report = report.text();
    unbuilt(report, &failure, asked, site)
}

/// A solve that failed, with its report: for want of room, or by itself.
fn unbuilt(report: String, failure: &SolveFailure, asked: Asked, site: Site<'_>) -> BuildError {
    let shares = site.engine.shares();
    match shares.get(asked.share).and_then(|share| share.builder) {
        Some(builder) if room::is_refused(failure) => BuildError::NoRoomThere {
            builder: builder.name().to_owned(),
            report,
        },
        Some(_) => BuildError::Failed { report },
        None => match room::lacking(failure, site.host) {
            Some(directory) => BuildError::NoRoom { directory, report },
            None => BuildError::Failed { report },
        },
    }
}

/// A failure with the place in the Dockerfile, where the daemon names a step and not its place: it loses what it knows of places where
/// base images come from us (BuildKit, `solver/llbsolver`, `recomputeDigests`).
fn placed(failure: SolveFailure, progress: &Progress<impl Write>, opened: &Opened) -> SolveFailure {
    let place = || {
        let (dockerfile, step) = (opened.dockerfile.as_ref()?, failure.vertex.as_ref()?);
        let data = surroundings::dockerfile_text(dockerfile)?;
        let lines = progress.lines_of(step, &String::from_utf8_lossy(&data))?;
        let (start, end) = (u32::try_from(lines.0).ok()?, u32::try_from(lines.1).ok()?);
        Some(Source {
            filename: dockerfile.name.clone(),
            data,
            ranges: vec![LineRange { start, end }],
        })
    };
    let sources = match failure.sources.is_empty() {
        true => place().into_iter().collect(),
        false => failure.sources,
    };
    SolveFailure { sources, ..failure }
}

/// What the daemon would say of a pattern, if its readers came to it before ours; and we know which it is.
fn malformed(fault: &Fault, failure: SolveFailure) -> SolveFailure {
    let error = pattern(fault).map(ToString::to_string);
    SolveFailure {
        message: format!("{}: syntax error in pattern", error.unwrap_or_default()),
        ..failure
    }
}

/// The pattern that cannot be read, of `.dockerignore` or of a step, if that is why a local could not be sent: the build's failure, and
/// no machine's.
fn pattern(fault: &Fault) -> Option<&PatternError> {
    match fault {
        Fault::Local {
            source: FileSyncError::Walk(WalkError::Pattern { source }),
            ..
        } => Some(source),
        _ => None,
    }
}
