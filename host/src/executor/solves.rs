//! The plan's solves: attempts to make them, until one has made them all or there is nothing that another would help.
//!
//! Writes: kept blobs. Unknown here: what is in the build's cache (`cache`).

use std::sync::Arc;

use crate::buildkit::solve::SolveError;
use crate::executor::asked::Asked;
use crate::executor::attempt::Attempt;
use crate::executor::bases::Bases;
use crate::executor::built::{self, Built};
use crate::executor::carried::Carried;
use crate::executor::error::BuildError;
use crate::executor::failure::failed;
use crate::executor::intake::BlobIntake;
use crate::executor::look::Look;
use crate::executor::mounts::Mounts;
use crate::executor::showing::Showing;
use crate::executor::site::Site;
use crate::executor::terms::Terms;
use crate::executor::{cache, handover, snapshot, usage};
use crate::planner::checked_plan::CheckedPlan;
use crate::progress::Account;

/// What the solves of a plan have come to.
pub(super) struct Solves {
    /// The images that are exported, in the order of the plan.
    pub(super) images: Vec<Built>,
    pub(super) account: Account,
    /// What was shown of them, to which more can be added.
    pub(super) showing: Showing,
    /// Bytes of files that the daemon has taken.
    pub(super) sent: u64,
    /// Bytes of results that it has sent.
    pub(super) received: u64,
    /// What became of the caches that its steps mount: before them, then after them.
    pub(super) carried: Vec<Carried>,
    /// What a person should know of the layer caches.
    pub(super) warnings: Vec<String>,
}

/// Runs every solve of the plan.
///
/// # Errors
/// That of the first solve that fails.
pub(super) async fn all(
    plan: &CheckedPlan,
    bases: &Bases,
    look: Look,
    site: Site<'_>,
) -> Result<Solves, BuildError> {
    let contexts = look.offer(site).await;
    let lease = cache::lease(site).await;
    let intake = Arc::new(BlobIntake::new(site.contents.clone()));
    let mut terms = Terms::of(plan, bases, intake, contexts, site).await;
    // Of steps that the cache has, the daemon needs no base.
    if terms.imports.list.is_empty() {
        handover::arrange(bases, site).await;
    }
    let mut mounts = Mounts::of(plan, site).await;
    let mut carried = match &mut mounts {
        Some(mounts) => mounts.restore(&terms).await,
        None => Vec::new(),
    };
    usage::measured(&carried, site).await;
    let mut snapshot_was_left = false;
    let mut attempt = Attempt::make(plan, &terms, site).await;
    while let Err((_, error)) = &attempt.outcome
        && remedy(error, site, &mut terms, &mut snapshot_was_left).await
    {
        attempt.showing.finish().await;
        attempt = Attempt::make(plan, &terms, site).await;
    }
    match attempt.outcome {
        Ok(solved) => {
            let account = attempt.showing.progress().account();
            let warnings = attempt.showing.progress().cache_warnings();
            let keeping = |_| async {
                let saving = async {
                    match &mounts {
                        Some(mounts) => mounts.save(&terms).await,
                        None => Vec::new(),
                    }
                };
                tokio::join!(cache::keep(plan, &solved, lease, site), saving).1
            };
            let (showing, saved) = attempt.showing.during(site.contents, keeping).await;
            carried.extend(saved);
            let images = built::all(plan, &solved, site).await?;
            Ok(Solves {
                images,
                account,
                showing,
                sent: terms.sent(),
                received: solved.values().map(|solved| solved.received_bytes).sum(),
                carried,
                warnings,
            })
        }
        Err((asked, error)) => {
            let showing = attempt.showing.finish().await;
            // What the steps have fetched until then is what the next build wants.
            if let Some(mounts) = &mounts {
                mounts.save(&terms).await;
            }
            let failure = failed(plan, asked, error, showing.progress(), site);
            Err(blamed(failure, asked, site).await)
        }
    }
}

/// The failure of a solve, or that of the builder on which it was, if that is gone.
async fn blamed(failure: BuildError, asked: Asked, site: Site<'_>) -> BuildError {
    let shares = site.engine.shares();
    match shares.get(asked.share).and_then(|share| share.builder) {
        Some(builder) => builder.blame(failure).await,
        None => failure,
    }
}

/// Whether another attempt is worth its time, after what the last one failed for is out of its way. True for each reason once.
async fn remedy(
    error: &SolveError,
    site: Site<'_>,
    terms: &mut Terms<'_>,
    snapshot_was_left: &mut bool,
) -> bool {
    if terms.layer_caches.leave_out(error, site) {
        return true;
    }
    if cache::forget_damage(error, &terms.imports, site).await {
        let imports = std::mem::take(&mut terms.imports);
        return !imports.list.is_empty();
    }
    let is_new = !std::mem::replace(snapshot_was_left, true);
    is_new && site.is_ours() && snapshot::was_left(error, site.host)
}
