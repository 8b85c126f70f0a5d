//! The build's cache, which may cost time but never the build: what is damaged is reported and forgotten.
//!
//! Reads and writes: the cache's directory.

use std::collections::BTreeMap;
use std::error::Error;

use oci_spec::image::Descriptor;

use crate::boundary::blocking::blocking;
use crate::boundary::cancel::Cancel;
use crate::boundary::chain::chain;
use crate::buildkit::content::{CacheError, CacheImport, ContentError, Lease, LocalCache};
use crate::buildkit::fault::Fault;
use crate::buildkit::solve::{SolveError, Solved};
use crate::executor::asked::Asked;
use crate::executor::host::Host;
use crate::executor::site::Site;
use crate::image::Image;
use crate::image::assembly::{Assembly, AssemblyError, LayerForm};
use crate::image::contents::Contents;
use crate::image::registry::Registry;
use crate::planner::checked_plan::CheckedPlan;
use crate::progress::amount;

/// What can be imported of the build's cache, for as long as it lives.
#[derive(Default)]
pub(super) struct Imports {
    /// As the daemon is told of it.
    pub(super) list: Vec<CacheImport>,
    /// Serves what it is told to fetch.
    registry: Option<Registry>,
}

impl Imports {
    /// Those of a plan. A cache that is damaged is cleared, so that this build's can take its place.
    pub(super) async fn of(plan: &CheckedPlan, site: Site<'_>) -> Self {
        let is_imported = plan.cache().is_some_and(|cache| cache.import);
        let Some(cache) = local(site).filter(|_| is_imported) else {
            return Self::default();
        };
        let read = cache.clone();
        let cancel = site.contents.cancel().clone();
        let is_served = site.is_ours(); // it reaches loopback
        let sorted = blocking(move || match is_served {
            true => sorted(&read, &cancel),
            false => Ok((read.manifests()?, Vec::new())),
        });
        let (local, served) = match sorted.await {
            Ok(sorted) => sorted,
            Err(error) => {
                clear(cache, &chain(&error), site.host).await;
                return Self::default();
            }
        };
        let (manifests, images): (Vec<Descriptor>, Vec<Image>) = served.into_iter().unzip();
        let registry = serve(images).await;
        let fetched = |(index, manifest): (usize, &Descriptor)| match &registry {
            Some(registry) => fetched(registry, index, manifest),
            // What cannot be served is sent.
            None => cache.import(manifest),
        };
        let sent = local.iter().map(|manifest| cache.import(manifest));
        let list = sent
            .chain(manifests.iter().enumerate().map(fetched))
            .collect();
        Self { list, registry }
    }

    /// What is wrong with the cache, if that is what a solve failed for.
    // Layers are compared with their digests only when the daemon asks for them: the solve has begun by then, and BuildKit
    // does not fall back to executing the step.
    fn damage(&self, error: &SolveError) -> Option<String> {
        let SolveError::Failed { cause, .. } = error else {
            return None;
        };
        if let Some(Fault::Content(damage @ ContentError::Damaged { .. })) = cause.as_deref() {
            return Some(chain(damage));
        }
        let damaged = self.registry.as_ref()?.damaged()?;
        Some(format!("blob `{damaged}` is damaged"))
    }
}

/// The manifests of a cache: those that are sent, and those that are served, of which the daemon unpacks no more than steps need.
type Sorted = (Vec<Descriptor>, Vec<(Descriptor, Image)>);

/// What is no image (a cache of an older BuildKit is a list of layers) is no registry's. Blocking.
fn sorted(cache: &LocalCache, cancel: &Cancel) -> Result<Sorted, CacheError> {
    let (mut local, mut served) = (Vec::new(), Vec::new());
    for manifest in cache.manifests()? {
        let image = Image::read_manifest(cache.directory().clone(), &manifest, cancel).ok();
        let is_image = |image: &Image| {
            let found = image.manifest(manifest.digest());
            found.is_some_and(|found| found.config.is_some())
        };
        match image.filter(is_image) {
            Some(image) => served.push((manifest, image)),
            None => local.push(manifest),
        }
    }
    Ok((local, served))
}

/// On a port of its own, so that what it serves is looked at; `None` if there is none to be had.
async fn serve(images: Vec<Image>) -> Option<Registry> {
    if images.is_empty() {
        return None;
    }
    let images = images.into_iter().enumerate();
    let named = images.map(|(index, image)| (repository(index), image));
    Registry::serve_checked(named.collect()).await.ok()
}

/// Under what name a manifest is served.
fn repository(index: usize) -> String {
    format!("cache-{}", index + 1)
}

fn fetched(registry: &Registry, index: usize, manifest: &Descriptor) -> CacheImport {
    let reference = registry.reference(&repository(index));
    let reference = reference.expect("every manifest is served under its own name");
    let named = format!("{reference}@{}", manifest.digest());
    CacheImport::Remote {
        kind: "registry".to_owned(),
        attributes: BTreeMap::from([("ref".to_owned(), named)]),
    }
}

/// Clears the cache if it is what a solve failed for; then another attempt without it is worth its time.
pub(super) async fn forget_damage(error: &SolveError, imports: &Imports, site: Site<'_>) -> bool {
    let (Some(cache), Some(damage)) = (local(site), imports.damage(error)) else {
        return false;
    };
    clear(cache, &damage, site.host).await;
    true
}

/// Keeps the cache from being pruned while it is read and written; `None` where there is none, or it cannot be.
pub(super) async fn lease(site: Site<'_>) -> Option<Lease> {
    match local(site)?.lease().await {
        Ok(lease) => Some(lease),
        Err(failure) => {
            warn(&failure, site.host);
            None
        }
    }
}

/// Puts the cache of each solve into the build's, drops what this build's targets do not use, and reports what kept it from being
/// brought up to date.
// On another thread: the lock may be held by another build, and then a stop has to be heard all the same.
pub(super) async fn keep(
    plan: &CheckedPlan,
    solved: &BTreeMap<Asked, Solved>,
    lease: Option<Lease>,
    site: Site<'_>,
) {
    let Some((cache, lease)) = local(site).zip(lease) else {
        return;
    };
    // The last one is the image; it is what another program reads that is told of no tag.
    let names: Vec<&str> = plan
        .solves()
        .iter()
        .map(|solve| solve.name.as_str())
        .collect();
    let tag = |asked: &Asked| match asked.share {
        0 => names[asked.solve].to_owned(),
        share => format!("{}.{share}", names[asked.solve]),
    };
    let tags: Vec<String> = solved.keys().map(tag).collect();
    let caches: Vec<(String, Descriptor)> = (solved.iter())
        .filter_map(|(asked, solved)| Some((tag(asked), solved.cache()?)))
        .collect();
    for unkept in solved.values().filter(|solved| solved.cache().is_none()) {
        if let Some(Fault::Content(fault)) = unkept.fault.as_deref() {
            warn(fault, site.host);
        }
    }
    let contents = site.contents.clone();
    let kept = blocking(move || {
        let put =
            (caches.iter()).try_for_each(|(tag, manifest)| put(&cache, tag, manifest, &contents));
        drop(lease);
        let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
        // Also of what could not be put whole.
        cache.retain(&tags).and_then(|()| cache.prune())?;
        put?;
        Ok::<_, CacheFailure>(cache.size()?)
    })
    .await;
    match kept {
        Ok(size) => {
            let size = amount::size(size);
            let notice = format!("the build's cache holds {size}");
            site.host.audience.notice(&notice);
        }
        Err(failure) => warn(&failure, site.host),
    }
}

/// Why the cache was not brought up to date.
#[derive(Debug, thiserror::Error)]
enum CacheFailure {
    #[error(transparent)]
    Cache(#[from] CacheError),
    #[error("cannot put the cache together")]
    Assembly(#[from] AssemblyError),
}

/// Gives the cache of one solve its tag. Its layers are those of the image, as they were compressed for that. Blocking.
fn put(
    cache: &LocalCache,
    tag: &str,
    manifest: &Descriptor,
    contents: &Contents,
) -> Result<(), CacheFailure> {
    let assembly = Assembly::of(manifest, LayerForm::Compressed, contents)?;
    let (layout, ingest) = cache.directories()?;
    assembly.write_blobs(&layout, &ingest, contents)?;
    Ok(cache.put(tag, assembly.root().clone())?)
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

fn warn(failure: &(dyn Error + 'static), host: &Host) {
    host.audience.warning(&format!(
        "the build's cache is not up to date: {}",
        chain(failure)
    ));
}
