//! An attempt: all solves of a plan at the same time, over one daemon.
//!
//! The first that fails ends the others. Equal steps of several solves are executed once by the daemon, and shown once.
//!
//! Reads and writes: through the client. Unknown here: whether another attempt follows.

use std::collections::BTreeMap;
use std::io::Write;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::boundary::cancel::Cancel;
use crate::buildkit::client::Client;
use crate::buildkit::solve::{Solve, SolveError, Solved};
use crate::buildkit::status::Status;
use crate::executor::host::Host;
use crate::executor::outputs::Outputs;
use crate::executor::terms::Terms;
use crate::planner::checked_plan::CheckedPlan;
use crate::progress::{self, Progress, SolveId};

/// Reports on their way to whoever shows them; the daemon waits while they are not taken.
const REPORTS_IN_FLIGHT: usize = 2;

/// What became of the solves when they all ran at once.
pub(super) struct Attempt {
    /// What each came to, by its place in the plan; or the first that failed.
    pub(super) outcome: Result<BTreeMap<usize, Solved>, (usize, SolveError)>,
    pub(super) progress: Progress<Box<dyn Write + Send>>,
}

impl Attempt {
    /// Runs every solve at the same time, and shows their progress.
    pub(super) async fn make(
        plan: &CheckedPlan,
        terms: &Terms<'_>,
        outputs: &Outputs,
        host: &Host,
        client: &Client,
    ) -> Self {
        let unread = Cancel::default();
        // Whoever is dropped here does not wait for a reader of the progress.
        let _unread = unread.on_drop();
        let mut progress = Progress::new(host.progress, host.audience.progress(unread));
        for image in plan.base_images() {
            progress.add_base_argument(&image.argument);
        }
        let (reports, shown) = mpsc::channel(REPORTS_IN_FLIGHT);
        let mut running = JoinSet::new();
        for (index, (solve, output)) in plan.solves().iter().zip(outputs.iter()).enumerate() {
            let id = progress.add_solve(&solve.name);
            let asked = terms.solve(solve, output);
            let (client, reports) = (client.clone(), reports.clone());
            running.spawn(async move { (index, run(&client, asked, id, reports).await) });
        }
        drop(reports);
        let showing = progress::run(progress, shown);
        let outcome = join(&mut running).await;
        // Cancelled solves report until they have ended.
        running.shutdown().await;
        let (progress, _unread) = showing
            .await
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
        Self { outcome, progress }
    }
}

/// One solve, its reports marked as its own.
async fn run(
    client: &Client,
    solve: Solve,
    id: SolveId,
    reports: mpsc::Sender<(SolveId, Status)>,
) -> Result<Solved, SolveError> {
    let (sender, mut receiver) = mpsc::channel(REPORTS_IN_FLIGHT);
    let forward = async {
        while let Some(status) = receiver.recv().await {
            // Progress takes every report until all senders are gone.
            let _ = reports.send((id, status)).await;
        }
    };
    let (solved, ()) = tokio::join!(client.solve(solve, sender), forward);
    solved
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
