//! An attempt: all solves of a plan at the same time, over one daemon.
//!
//! The first that fails ends the others. Equal steps of several solves are executed once by the daemon, and shown once.
//!
//! Reads and writes: through the client. Unknown here: whether another attempt follows.

use std::collections::BTreeMap;

use tokio::task::JoinSet;

use crate::buildkit::solve::{SolveError, Solved};
use crate::executor::showing::{self, Reports, Showing};
use crate::executor::site::Site;
use crate::executor::terms::Terms;
use crate::planner::checked_plan::CheckedPlan;

/// What became of the solves when they all ran at once.
pub(super) struct Attempt {
    /// What each came to, by its place in the plan; or the first that failed.
    pub(super) outcome: Result<BTreeMap<usize, Solved>, (usize, SolveError)>,
    pub(super) showing: Showing,
}

impl Attempt {
    /// Runs every solve at the same time, and shows their progress.
    pub(super) async fn make(plan: &CheckedPlan, terms: &Terms<'_>, site: Site<'_>) -> Self {
        let mut showing = Showing::begin(plan, site.host);
        let solves = plan.solves().iter();
        let asked: Vec<_> = solves
            .map(|solve| (showing.add_solve(&solve.name), terms.exporting(solve)))
            .collect();
        let solving = |reports: Reports| async move {
            let mut running = JoinSet::new();
            for (index, (id, solve)) in asked.into_iter().enumerate() {
                let (client, reports) = (site.client().clone(), reports.clone());
                let solving = async move |status| client.solve(solve, status).await;
                running.spawn(async move { (index, showing::marked(id, reports, solving).await) });
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

/// Waits for all solves, or for the first that fails.
async fn join(
    running: &mut JoinSet<(usize, Result<Solved, SolveError>)>,
) -> Result<BTreeMap<usize, Solved>, (usize, SolveError)> {
    let mut solved = BTreeMap::new();
    while let Some(joined) = running.join_next().await {
        let (index, result) =
            joined.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
        solved.insert(index, result.map_err(|error| (index, error))?);
    }
    Ok(solved)
}
