//! What a target is built by: the graph that a frontend makes of its files, as far as it is of interest before it runs.
//!
//! Source: BuildKit, `frontend/subrequests/convertllb`, `solver/pb/ops.proto`.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer};

use super::location::{Location, SourceFile};
use super::question::Subrequest;
use crate::cache_mount::{CacheMount, CacheOrigin, Sharing};

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

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Operation {
    inputs: Vec<Input>,
    exec: Option<Exec>,
    file: Option<File>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Input {
    digest: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Exec {
    mounts: Vec<Mount>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Mount {
    #[serde(deserialize_with = "number")]
    input: i64,
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
struct File {
    actions: Vec<Action>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Action {
    mkdir: Option<MadeDirectory>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct MadeDirectory {
    mode: u16,
    owner: Owner,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Owner {
    user: Id,
    group: Id,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Id {
    #[serde(rename = "byID")]
    by_id: u32,
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
                        origin: self.origin(operation, mount.input),
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

    /// What a mount begins with; `None` if that is a stage or an image.
    fn origin(&self, operation: &Operation, input: i64) -> Option<CacheOrigin> {
        let Ok(input) = usize::try_from(input) else {
            return Some(CacheOrigin::Empty);
        };
        let made_by = self.def.get(&operation.inputs.get(input)?.digest)?;
        let [Action { mkdir: Some(made) }] = made_by.file.as_ref()?.actions.as_slice() else {
            return None;
        };
        made_by.inputs.is_empty().then_some(CacheOrigin::Directory {
            uid: made.owner.user.by_id,
            gid: made.owner.group.by_id,
            mode: made.mode,
        })
    }

    fn location(&self, digest: &str) -> Option<&Location> {
        self.source.locations.get(digest)?.locations.first()
    }
}

/// A number of 64 bits, which Go's JSON of protocol buffers writes as a text.
fn number<'de, D: Deserializer<'de>>(number: D) -> Result<i64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Number(i64),
        Text(String),
    }
    match Written::deserialize(number)? {
        Written::Number(number) => Ok(number),
        Written::Text(text) => text.parse().map_err(serde::de::Error::custom),
    }
}
