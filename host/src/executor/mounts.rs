//! Caches of `RUN --mount=type=cache` between builds: restored before the solves, saved after them. They may cost time but never the build.
//!
//! Which caches a build uses says the frontend; it is asked only where the Dockerfile speaks of such mounts, and something may come of it.
//!
//! Reads and writes: `mounts` in the build's cache, by the daemon the caches, the program of the steps in its root. Unknown here: how a cache
//! is carried.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use oci_image_schema::plan::CacheMounts;
use tokio::sync::{OnceCell, mpsc};
use tokio::task::JoinSet;

use crate::boundary::blocking::blocking;
use crate::boundary::chain::chain;
use crate::boundary::handle::Directory;
use crate::boundary::outside::{listed, shown};
use crate::buildkit::solve::SolveError;
use crate::buildkit::subrequest::{Definition, UNKNOWN};
use crate::executor::carried::{Carried, Kept, told};
use crate::executor::remote::Remote;
use crate::executor::site::Site;
use crate::executor::surroundings;
use crate::executor::terms::Terms;
use crate::mounts::archives::{Grown, Settled};
use crate::mounts::{Archives, Carrier, Identity, Key, MountError, Restored, Saved};
use crate::planner::checked_plan::CheckedPlan;
use crate::storage::place::PROGRAMS;

/// Where archives are, in the build's cache.
pub(crate) const MOUNTS: &str = "mounts";

/// The only daemon that caches are carried to.
const FIRST: usize = 0;

/// Without these words a Dockerfile mounts no cache.
const WORDS: &[u8] = b"type=cache";

/// The argument that stands before the ids of all caches.
const NAMESPACE: &str = "build-arg:BUILDKIT_CACHE_MOUNT_NS";

/// The caches of a build that are kept.
pub(super) struct Mounts<'run> {
    asked: &'run CacheMounts,
    plan: &'run CheckedPlan,
    carrier: Carrier,
    site: Site<'run>,
    /// Those that its steps mount, and what a person calls each; found once.
    used: OnceCell<BTreeMap<Key, String>>,
    /// Which of the daemon's they were before the steps.
    found: BTreeMap<Key, Identity>,
}

impl<'run> Mounts<'run> {
    /// Those of a plan; `None` if none can be kept.
    pub(super) async fn of(plan: &'run CheckedPlan, site: Site<'run>) -> Option<Self> {
        let asked = plan.cache()?.mounts.as_ref()?;
        let cache = site.opened.cache.clone()?;
        if !speaks_of_caches(site).await {
            return None;
        }
        if let Some(reason) = site.engine.remote().and_then(unreachable_on) {
            site.host
                .audience
                .warning(&format!("cache mounts are not kept: {reason}"));
            return None;
        }
        let root = site.host.root.clone();
        let opening = blocking(move || {
            let open = || {
                let root = Directory::open(root)?;
                Ok((
                    cache.made_own_directory(MOUNTS)?,
                    root.made_own_directory(PROGRAMS)?,
                ))
            };
            let (archives, programs) = open().map_err(|source| MountError::Keep {
                doing: "make the directories of",
                name: MOUNTS.to_owned(),
                source,
            })?;
            Ok((Archives::open(archives)?, programs))
        });
        let carrier = match opening.await {
            Ok((archives, programs)) => {
                Carrier::new(site.client().clone(), programs, archives, asked.limit).await
            }
            Err(error) => Err(error),
        };
        match carrier {
            Ok(carrier) => Some(Self {
                asked,
                plan,
                carrier,
                site,
                used: OnceCell::new(),
                found: BTreeMap::new(),
            }),
            Err(error) => {
                let warning = format!("cache mounts are not kept: {}", chain(&error));
                site.host.audience.warning(&warning);
                None
            }
        }
    }

    /// Fills those of which something was kept; what became of each.
    pub(super) async fn restore(&mut self, terms: &Terms<'_>) -> Vec<Carried> {
        let archives = self.carrier.archives().clone();
        if blocking(move || archives.is_empty()).await.unwrap_or(true) {
            return Vec::new();
        }
        let mut restoring = JoinSet::new();
        for (key, id) in self.used(terms).await {
            let (id, key, carrier) = (id.clone(), key.clone(), self.carrier.clone());
            restoring.spawn(async move {
                let begun = Instant::now();
                let restored = carrier.restore(&key).await;
                if let Err(MountError::Damaged { .. } | MountError::Told(_)) = restored {
                    let damaged = key.clone();
                    // What stays is replaced at the end of the build.
                    let _ = blocking(move || carrier.archives().forget(&damaged)).await;
                }
                (key, id, restored, begun.elapsed())
            });
        }
        let mut carried = Vec::new();
        for (key, id, restored, elapsed) in restoring.join_all().await {
            match restored {
                Ok(Restored::Nothing) => {}
                Ok(Restored::Occupied(identity)) => {
                    self.found.insert(key, identity);
                    carried.push(Carried::new(id, Kept::InDaemon, elapsed));
                }
                Ok(Restored::Filled(amount, identity)) => {
                    self.found.insert(key, identity);
                    carried.push(Carried::new(id, Kept::Restored(amount), elapsed));
                }
                Err(error) => self.warn(&id, "is not restored, and begins anew", &error),
            }
        }
        self.tell(&mut carried);
        carried
    }

    /// Keeps what those hold that have changed; what became of each.
    pub(super) async fn save(&self, terms: &Terms<'_>) -> Vec<Carried> {
        if self.asked.read_only {
            return Vec::new();
        }
        let used = self.used(terms).await;
        let mut saving = JoinSet::new();
        for (key, id) in used {
            let (id, key, carrier) = (id.clone(), key.clone(), self.carrier.clone());
            let found = self.found.get(&key).copied();
            saving.spawn(async move {
                let begun = Instant::now();
                let saved = carrier.save(&key, found).await;
                (id, key, saved, begun.elapsed())
            });
        }
        let (mut grown, mut carried) = (Grown::default(), Vec::new());
        for (id, key, saved, elapsed) in saving.join_all().await {
            match saved {
                Ok((Saved::Nothing, _)) => {
                    carried.push((key, Carried::new(id, Kept::Empty, elapsed)));
                }
                Ok((Saved::Unchanged(amount), _)) => {
                    carried.push((key, Carried::new(id, Kept::Unchanged(amount), elapsed)));
                }
                Ok((Saved::Poorer(amount), _)) => {
                    carried.push((key, Carried::new(id, Kept::Missed(amount), elapsed)));
                }
                Ok((Saved::Grown(amount), more)) => {
                    grown.append(more);
                    let kept = Kept::Saved { amount, size: 0 };
                    carried.push((key, Carried::new(id, kept, elapsed)));
                }
                Ok((Saved::TooLarge(size), _)) => {
                    let kept = Kept::LeftOut { size };
                    carried.push((key.clone(), Carried::new(id, kept, elapsed)));
                    let archives = self.carrier.archives().clone();
                    // What is too large now is not what was kept; it goes at the latest when the cap is reached.
                    let _ = blocking(move || archives.forget(&key)).await;
                }
                Err(error) => self.warn(&id, "is not kept", &error),
            }
        }
        let mut carried = self.settle(grown, carried).await;
        self.tell(&mut carried);
        carried
    }

    /// Gives archives their names, as far as there is room for them; what became of each cache then.
    async fn settle(&self, grown: Grown, mut carried: Vec<(Key, Carried)>) -> Vec<Carried> {
        let used = self.used.get().into_iter().flat_map(BTreeMap::keys);
        let keys: Vec<Key> = used.cloned().collect();
        let (archives, limit) = (self.carrier.archives().clone(), self.asked.limit);
        let settled = blocking(move || archives.settle(grown, &keys, limit)).await;
        let settled = settled.unwrap_or_else(|error| {
            let warning = format!("cache mounts are not kept: {}", chain(&error));
            self.site.host.audience.warning(&warning);
            Settled::default()
        });
        carried.retain_mut(|(key, one)| {
            let mut left_out = settled.left_out.iter();
            if let Some((_, size)) = left_out.find(|(left_out, _)| left_out == key) {
                one.kept = Kept::LeftOut { size: *size };
            } else if let Kept::Saved { size, .. } = &mut one.kept {
                let kept = settled.kept.get(key);
                *size = kept.copied().unwrap_or_default();
                return kept.is_some();
            }
            true
        });
        carried.into_iter().map(|(_, carried)| carried).collect()
    }

    /// The caches that are to be kept, and what a person calls each.
    async fn used(&self, terms: &Terms<'_>) -> &BTreeMap<Key, String> {
        self.used.get_or_init(|| self.find(terms)).await
    }

    async fn find(&self, terms: &Terms<'_>) -> BTreeMap<Key, String> {
        let (mut used, mut unreachable) = (BTreeMap::new(), BTreeSet::new());
        for solve in self.plan.solves() {
            let namespace = solve.text(NAMESPACE).unwrap_or_default();
            let (status, _) = mpsc::channel(1); // the build tells what is read for it
            let asked = terms.solve(solve, FIRST);
            let definition = match self.site.client().ask::<Definition>(asked, status).await {
                Ok(definition) => definition,
                Err(error) if is_unknown_question(&error) => {
                    let warning = "cache mounts are not kept: the frontend does not tell which there are; BuildKit 0.26 is the oldest whose \
                                   own does";
                    self.site.host.audience.warning(warning);
                    return BTreeMap::new();
                }
                // Files that cannot be built from fail the build, which says more of it.
                Err(_) => continue,
            };
            for (mount, _) in definition.cache_mounts() {
                let id = mount.id.strip_prefix(namespace).unwrap_or(&mount.id);
                let id = id.strip_prefix('/').unwrap_or(id).to_owned();
                match Key::of(&mount) {
                    Some(key) => {
                        used.insert(key, id);
                    }
                    None => {
                        unreachable.insert(id);
                    }
                }
            }
        }
        self.selected(used, unreachable)
    }

    /// Those that are asked for; what is asked for in vain is told.
    fn selected(
        &self,
        mut used: BTreeMap<Key, String>,
        mut unreachable: BTreeSet<String>,
    ) -> BTreeMap<Key, String> {
        let audience = &self.site.host.audience;
        unreachable.retain(|id| self.asked.keeps(id));
        for id in &unreachable {
            audience.notice(&format!(
                "cache `{}` is not kept: it begins with a stage or an image (`from=`), and no other step finds it",
                shown(id)
            ));
        }
        let mounted: BTreeSet<&str> = used.values().map(String::as_str).collect();
        for id in self.asked.ids.iter().flatten() {
            if !mounted.contains(id.as_str()) && !unreachable.contains(id) {
                let mounted: Vec<&str> = mounted.iter().copied().collect();
                let mounted = match mounted.as_slice() {
                    [] => "none is mounted".to_owned(),
                    _ => format!("mounted are {}", listed(&mounted)),
                };
                audience.warning(&format!(
                    "`cache_mounts` names `{}`, and no step mounts a cache of that id: {mounted}",
                    shown(id)
                ));
            }
        }
        used.retain(|_, id| self.asked.keeps(id));
        used
    }

    fn tell(&self, carried: &mut Vec<Carried>) {
        carried.sort_by(|one, other| one.id.cmp(&other.id));
        for one in carried {
            match told(one, self.asked.limit) {
                Ok(notice) => self.site.host.audience.notice(&notice),
                Err(warning) => self.site.host.audience.warning(&warning),
            }
        }
    }

    fn warn(&self, id: &str, what: &str, error: &MountError) {
        let warning = format!("cache `{}` {what}: {}", shown(id), chain(error));
        self.site.host.audience.warning(&warning);
    }
}

/// Whether the frontend is older than what it was asked.
fn is_unknown_question(error: &SolveError) -> bool {
    matches!(error, SolveError::Failed { failure, .. } if failure.message.contains(UNKNOWN))
}

/// Why nothing can be carried to or from builders.
fn unreachable_on(remote: &Remote) -> Option<String> {
    match remote.parts() {
        [part] if part.is_like_ours() => None,
        [part] => Some(format!(
            "`{}` has another kind of processor, which does not run the program that carries them",
            shown(part.name())
        )),
        _ => Some("several builders would each have their own".to_owned()),
    }
}

/// Whether the Dockerfile has a word of such mounts; one that cannot be read may.
pub(super) async fn speaks_of_caches(site: Site<'_>) -> bool {
    let Some(dockerfile) = site.opened.dockerfile.clone() else {
        return true;
    };
    let text = blocking(move || surroundings::dockerfile_text(&dockerfile)).await;
    text.is_none_or(|text| text.windows(WORDS.len()).any(|words| words == WORDS))
}
