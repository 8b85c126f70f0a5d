//! Layer caches of a plan, as the daemon is told of them: with the secrets of the request, and those of the environment.
//!
//! Reads and writes: nothing. Unknown here: what the daemon makes of them. Source: BuildKit, `cache/remotecache`.

use std::collections::BTreeMap;

use oci_image_schema::layer_cache::{GHA, KEYS};
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

/// The layer caches of a plan.
#[derive(Default)]
pub(super) struct LayerCaches {
    /// Those that every solve reads.
    pub(super) imports: Vec<CacheImport>,
    /// Those that the image's solve writes.
    pub(super) exports: Vec<CacheExport>,
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
