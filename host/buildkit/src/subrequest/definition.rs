//! What a target is built by: the graph that a frontend makes of its files, as far as it is of interest before it runs.
//!
//! Source: BuildKit, `frontend/subrequests/convertllb`, `solver/pb/ops.proto`.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::location::{Location, SourceFile};
use super::question::Subrequest;

/// A graph, of which the mounts of caches are read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Definition {
    def: BTreeMap<String, Operation>,
    source: Sources,
}

impl Subrequest for Definition {
    const ID: &'static str = "frontend.convertllb";
}

/// A cache that steps mount, and what they say of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CacheMount {
    /// Its id in the daemon, which [`Outline`](super::Outline) has not: the mount's `id` or else its target, behind the namespace.
    pub id: String,
    /// Where it is mounted.
    pub target: String,
    /// Who may mount it meanwhile.
    pub sharing: Sharing,
}

/// Who else may mount a cache while a step does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all(serialize = "lowercase", deserialize = "UPPERCASE"))]
pub enum Sharing {
    /// Everybody.
    #[default]
    Shared,
    /// Everybody, each another copy.
    Private,
    /// Nobody: they wait.
    Locked,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Operation {
    exec: Option<Exec>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Exec {
    mounts: Vec<Mount>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Mount {
    dest: String,
    cache_opt: Option<CacheOption>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct CacheOption {
    #[serde(rename = "ID")]
    id: String,
    sharing: Sharing,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Sources {
    locations: BTreeMap<String, Locations>,
    infos: Vec<SourceFile>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Locations {
    locations: Vec<Location>,
}

impl Definition {
    /// The caches that steps mount, each once, with the first place of the files where it is: sorted by place, then by id.
    pub fn cache_mounts(&self) -> Vec<(CacheMount, Option<Location>)> {
        let mut mounts = BTreeSet::new();
        for (digest, operation) in &self.def {
            let location = self.location(digest);
            let line = location.and_then(|location| Some(location.ranges.first()?.start));
            for mount in operation.exec.iter().flat_map(|exec| &exec.mounts) {
                if let Some(option) = &mount.cache_opt {
                    let cache = CacheMount {
                        id: option.id.clone(),
                        target: mount.dest.clone(),
                        sharing: option.sharing,
                    };
                    mounts.insert((line, cache, digest));
                }
            }
        }
        let mut seen = BTreeSet::new();
        let new = |(_, cache, digest): (Option<u32>, CacheMount, &String)| {
            let is_new = seen.insert((cache.id.clone(), cache.target.clone()));
            is_new.then(|| (cache, self.location(digest).cloned()))
        };
        mounts.into_iter().filter_map(new).collect()
    }

    /// The files that it was made from.
    pub fn sources(&self) -> &[SourceFile] {
        &self.source.infos
    }

    fn location(&self, digest: &str) -> Option<&Location> {
        self.source.locations.get(digest)?.locations.first()
    }
}
