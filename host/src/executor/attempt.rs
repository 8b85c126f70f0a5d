//! An attempt: all solves of a plan at the same time, each over every daemon that has a share in it.
//!
//! The first that fails ends the others. Equal steps of several solves are executed once by a daemon, and shown once.
//!
//! Reads and writes: through the client. Unknown here: whether another attempt follows.

use std::collections::BTreeMap;

use oci_image_schema::plan;
use tokio::task::JoinSet;

use crate::buildkit::solve::{SolveError, Solved};
use crate::executor::asked::Asked;
use crate::executor::engine::Share;
use crate::executor::showing::{self, Reports, Showing};
use crate::executor::site::Site;
use crate::executor::terms::Terms;
use crate::planner::checked_plan::CheckedPlan;

/// What became of the solves when they all ran at once.
pub(super) struct Attempt {
    /// What each came to; or the first that failed.
    pub(super) outcome: Result<BTreeMap<Asked, Solved>, (Asked, SolveError)>,
    pub(super) showing: Showing,
}

impl Attempt {
    /// Runs every solve at the same time, and shows their progress.
    pub(super) async fn make(plan: &CheckedPlan, terms: &Terms<'_>, site: Site<'_>) -> Self {
        let mut showing = Showing::begin(plan, site.host);
        let mut all = Vec::new();
        for (index, solve) in plan.solves().iter().enumerate() {
            for (number, share) in site.engine.shares().into_iter().enumerate() {
                let id = showing.add_solve(&name(solve, share));
                let asked = Asked {
                    solve: index,
                    share: number,
                };
                all.push((
                    asked,
                    id,
                    share.client.clone(),
                    terms.exporting(solve, number),
                ));
            }
        }
        let solving = |reports: Reports| async move {
            let mut running = JoinSet::new();
            for (asked, id, client, solve) in all {
                let reports = reports.clone();
                let solving = async move |status| client.solve(solve, status).await;
                running.spawn(async move { (asked, showing::marked(id, reports, solving).await) });
            }
            drop(reports);
            let outcome = join(&mut running).await;
            // Cancelled solves report until they have ended.
            running.shutdown().await;
            outcome
        };
        let (showing, outcome) = showing.during(site.contents, solving).await;
        Self { outcome, showing }
    }
}

/// What a person calls a solve on one daemon of several.
fn name(solve: &plan::Solve, share: Share<'_>) -> String {
    match share.platforms() {
        None => solve.name.clone(),
        Some(platforms) => format!("{} {}", solve.name, platforms.join(",")),
    }
}

/// Waits for all solves, or for the first that fails.
async fn join(
    running: &mut JoinSet<(Asked, Result<Solved, SolveError>)>,
) -> Result<BTreeMap<Asked, Solved>, (Asked, SolveError)> {
    let mut solved = BTreeMap::new();
    while let Some(joined) = running.join_next().await {
        let (asked, result) =
            joined.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
        solved.insert(asked, result.map_err(|error| (asked, error))?);
    }
    Ok(solved)
}
