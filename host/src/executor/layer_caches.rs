//! Layer caches of a plan, as the daemon is told of them: with the secrets of the request, and those of the environment.
//!
//! Reads and writes: nothing. Unknown here: what the daemon makes of them. Source: BuildKit, `cache/remotecache`.

use std::collections::BTreeMap;

use oci_image_schema::layer_cache::{AZBLOB, GHA, INLINE, KEYS, REFERENCE, REGISTRY, S3};
use oci_image_schema::plan::{LayerCache, LayerCacheValue};

use crate::boundary::secret_bytes::SecretBytes;
use crate::buildkit::content::{CacheExport, CacheImport};
use crate::buildkit::solve::SolveError;
use crate::executor::cache_variables::{GHA_TOKEN, GHA_URL};
use crate::executor::site::Site;
use crate::planner::checked_plan::CheckedPlan;
use crate::progress::CacheFailure;

/// What makes it no failure that one is not written.
const IGNORE_ERROR: &str = "ignore-error";
/// What BuildKit calls a cache in a store of objects, or of a run of Actions, that has no name.
const UNNAMED: &str = "buildkit";

/// The layer caches of a plan.
#[derive(Default)]
pub(super) struct LayerCaches {
    /// Those that every solve reads.
    imports: Vec<CacheImport>,
    /// Those that the image's solve writes.
    exports: Vec<CacheExport>,
}

/// A daemon of several that build for some platforms each, but the first of them, which has the caches under their own names. Whoever
/// writes one replaces what was there: each of the others has a cache beside it.
#[derive(Clone, Copy)]
pub(super) struct Beside<'share> {
    /// The platforms for which it builds.
    pub(super) platforms: &'share [String],
}

impl LayerCaches {
    /// Those of a plan. One that nobody can use is left out, and told.
    pub(super) fn of(plan: &CheckedPlan, site: Site<'_>) -> Self {
        let secrets = plan.cache_secrets();
        let read = plan.cache_from().iter().enumerate();
        let written = plan.cache_to().iter().enumerate();
        Self {
            imports: read
                .filter_map(|(index, cache)| told(KEYS[0], cache, secrets.of_read(index), site))
                .map(|(kind, attributes)| CacheImport::Remote { kind, attributes })
                .collect(),
            exports: written
                .filter_map(|(index, cache)| told(KEYS[1], cache, secrets.of_written(index), site))
                .map(|(kind, attributes)| CacheExport::Remote { kind, attributes })
                .collect(),
        }
    }

    /// What a daemon reads: where it has caches of its own, those first.
    pub(super) fn read_by(&self, daemon: Option<Beside<'_>>) -> Vec<CacheImport> {
        let own = self.imports.iter().filter_map(|import| match import {
            CacheImport::Remote { kind, attributes } => Some(CacheImport::Remote {
                kind: kind.clone(),
                attributes: daemon?.renamed(kind, attributes)?,
            }),
            CacheImport::Local { .. } => None,
        });
        own.chain(self.imports.iter().cloned()).collect()
    }

    /// What a daemon writes.
    pub(super) fn written_by(&self, daemon: Option<Beside<'_>>) -> Vec<CacheExport> {
        let Some(daemon) = daemon else {
            return self.exports.clone();
        };
        let own = self.exports.iter().filter_map(|export| match export {
            // Each image has its own.
            CacheExport::Remote { kind, .. } if kind == INLINE => Some(export.clone()),
            CacheExport::Remote { kind, attributes } => Some(CacheExport::Remote {
                kind: kind.clone(),
                attributes: daemon.renamed(kind, attributes)?,
            }),
            CacheExport::Local { .. } | CacheExport::Blobs { .. } => None,
        });
        own.collect()
    }

    /// Leaves out what was to be written with its errors ignored, if the daemon could not even begin with one of that type: it ignores
    /// what comes later alone. Whether there was any is told.
    pub(super) fn leave_out(&mut self, error: &SolveError, site: Site<'_>) -> bool {
        let SolveError::Failed { failure, .. } = error else {
            return false;
        };
        let Some(failure) = CacheFailure::of_settings(&failure.message) else {
            return false;
        };
        let count = self.exports.len();
        self.exports.retain(|export| {
            let CacheExport::Remote { kind, attributes } = export else {
                return true;
            };
            let is_ignored = attributes.get(IGNORE_ERROR).is_some_and(|is| is == "true");
            *kind != failure.kind || !is_ignored
        });
        let is_less = self.exports.len() < count;
        if is_less {
            site.host.audience.warning(&failure.warning());
        }
        is_less
    }
}

impl Beside<'_> {
    /// What is told of the cache beside another one; nothing if that has no name that could be another.
    fn renamed(
        self,
        kind: &str,
        attributes: &BTreeMap<String, String>,
    ) -> Option<BTreeMap<String, String>> {
        let platforms = self.platforms.join("-").replace('/', "-");
        let key = match kind {
            REGISTRY => REFERENCE,
            S3 | AZBLOB => "name",
            GHA => "scope",
            _ => return None,
        };
        let name = attributes.get(key).map_or(UNNAMED, String::as_str);
        let is_tagged = name
            .rsplit('/')
            .next()
            .is_some_and(|last| last.contains(':'));
        let names: Vec<String> = match kind {
            REGISTRY if name.contains('@') => return None,
            REGISTRY if !is_tagged => vec![format!("{name}:latest-{platforms}")],
            S3 | AZBLOB => (name.split(';'))
                .map(|name| format!("{name}-{platforms}"))
                .collect(),
            _ => vec![format!("{name}-{platforms}")],
        };
        let mut renamed = attributes.clone();
        renamed.insert(key.to_owned(), names.join(";"));
        Some(renamed)
    }
}

/// The type of a cache of a key, and what it is told.
fn told(
    key: &str,
    cache: &LayerCache,
    secrets: Option<&BTreeMap<String, SecretBytes>>,
    site: Site<'_>,
) -> Option<(String, BTreeMap<String, String>)> {
    let secret = |name: &String| Some(secrets?.get(name)?.reveal());
    let mut attributes = BTreeMap::new();
    for attribute in &cache.attributes {
        let value = match &attribute.value {
            LayerCacheValue::Text(text) => text.clone(),
            LayerCacheValue::Inline => {
                String::from_utf8_lossy(secret(&attribute.key).unwrap_or_default()).into_owned()
            }
        };
        attributes.insert(attribute.key.clone(), value);
    }
    let host = site.host;
    if site.engine.may_know_logins() {
        host.cache_variables.add(&cache.kind, &mut attributes);
    }
    let has = |name: &str| attributes.contains_key(name);
    if cache.kind == GHA && !(has("token") && (has("url") || has("url_v2"))) {
        host.audience.warning(&format!(
            "the layer cache `type={GHA}` of `{key}` is left out: it has no token and URL, and neither have `{GHA_TOKEN}` and `{GHA_URL}`"
        ));
        return None;
    }
    Some((cache.kind.clone(), attributes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_builder_but_the_first_has_a_cache_beside_the_one_that_is_named() {
        let platforms = ["linux/arm64".to_owned(), "linux/arm/v7".to_owned()];
        let beside = Beside {
            platforms: &platforms,
        };
        for (kind, key, name, expected) in [
            (
                "registry",
                "ref",
                "a:1/b:cache",
                Some("a:1/b:cache-linux-arm64-linux-arm-v7"),
            ),
            (
                "registry",
                "ref",
                "a:1/b",
                Some("a:1/b:latest-linux-arm64-linux-arm-v7"),
            ),
            ("registry", "ref", "a/b@sha256:0", None),
            (
                "s3",
                "name",
                "x;y",
                Some("x-linux-arm64-linux-arm-v7;y-linux-arm64-linux-arm-v7"),
            ),
            (
                "azblob",
                "name",
                "",
                Some("buildkit-linux-arm64-linux-arm-v7"),
            ),
            (
                "gha",
                "scope",
                "",
                Some("buildkit-linux-arm64-linux-arm-v7"),
            ),
        ] {
            let named = Some((key.to_owned(), name.to_owned())).filter(|_| !name.is_empty());
            let renamed = beside.renamed(kind, &named.into_iter().collect());
            assert_eq!(
                renamed.as_ref().map(|told| &*told[key]),
                expected,
                "{kind} {name}"
            );
        }
    }
}
