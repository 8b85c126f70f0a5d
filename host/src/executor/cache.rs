//! The build's cache, which may cost time but never the build: what is damaged is reported and forgotten.
//!
//! Reads and writes: the cache's directory.

use std::collections::BTreeMap;

use crate::boundary::blocking::blocking;
use crate::boundary::chain::chain;
use crate::buildkit::content::{CacheError, CacheImport, ContentError, LocalCache};
use crate::buildkit::fault::Fault;
use crate::buildkit::solve::{SolveError, Solved};
use crate::executor::host::Host;
use crate::executor::site::Site;
use crate::planner::checked_plan::CheckedPlan;

/// What can be imported. A cache that is damaged is cleared, so that this build's can take its place.
pub(super) async fn imports(plan: &CheckedPlan, site: Site<'_>) -> Vec<CacheImport> {
    let is_imported = plan.cache().is_some_and(|cache| cache.import);
    let Some(cache) = local(site).filter(|_| is_imported) else {
        return Vec::new();
    };
    let read = cache.clone();
    match blocking(move || read.imports()).await {
        Ok(imports) => imports,
        Err(error) => {
            clear(cache, &chain(&error), site.host).await;
            Vec::new()
        }
    }
}

/// Clears the cache if it is what a solve failed for; then another attempt without it is worth its time.
// Layers are compared with their digests only when the daemon asks for them: the solve has begun by then, and BuildKit
// does not fall back to executing the step.
pub(super) async fn forget_damage(error: &SolveError, site: Site<'_>) -> bool {
    let Some(cache) = local(site) else {
        return false;
    };
    let SolveError::Failed {
        cause: Some(fault), ..
    } = error
    else {
        return false;
    };
    let Fault::Content(damage @ ContentError::Damaged { .. }) = &**fault else {
        return false;
    };
    clear(cache, &chain(damage), site.host).await;
    true
}

/// Drops what this build's targets do not use, and reports what kept the cache from being brought up to date.
// On another thread: the lock may be held by another build, and then a stop has to be heard all the same.
pub(super) async fn keep(plan: &CheckedPlan, solved: &BTreeMap<usize, Solved>, site: Site<'_>) {
    let Some(cache) = local(site) else {
        return;
    };
    // The last one is the image; it is what another program reads that is told of no tag.
    let tags: Vec<String> = plan
        .solves()
        .iter()
        .map(|solve| solve.name.clone())
        .collect();
    let kept = blocking(move || {
        let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
        cache.retain(&tags).and_then(|()| cache.prune())
    })
    .await;
    let failures = solved
        .values()
        .filter_map(|solved| solved.cache_error.as_ref())
        .chain(kept.as_ref().err());
    failures.for_each(|failure| warn(failure, site.host));
}

fn local(site: Site<'_>) -> Option<LocalCache> {
    site.opened.cache.clone().map(LocalCache::new)
}

async fn clear(cache: LocalCache, damage: &str, host: &Host) {
    host.audience
        .warning(&format!("the build's cache is ignored: {damage}"));
    if let Err(failure) = blocking(move || cache.clear()).await {
        warn(&failure, host);
    }
}

fn warn(failure: &CacheError, host: &Host) {
    host.audience.warning(&format!(
        "the build's cache is not up to date: {}",
        chain(failure)
    ));
}
