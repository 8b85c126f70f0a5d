//! Opened: what a plan names on this machine, each path followed once when the build begins, and held from then on.
//!
//! Nothing of a build goes by these names again: what takes the name of something in the middle of it is neither sent nor
//! written to.
//!
//! Reads: the directories and files that the plan names. Writes: the cache's directory, if it is missing; and see `outputs`.
//! Unknown here: what is in them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use oci_image_schema::plan::{self, Solve};

use crate::boundary::handle::{Directory, Found};
use crate::buildkit::context::Local;
use crate::executor::dockerfile::{Dockerfile, LOCAL};
use crate::executor::error::BuildError;
use crate::executor::lent::Lent;
use crate::executor::work::{Work, unopened};
use crate::planner::checked_plan::CheckedPlan;

/// What a build reads, held.
pub(super) struct Opened {
    /// The locals, by the plan's path.
    directories: BTreeMap<String, Directory>,
    /// Where the Dockerfile is that the solves read: they all read the same. `None` if they read none.
    pub(super) dockerfile: Option<Dockerfile>,
    /// The cache's directory, if there is to be one.
    pub(super) cache: Option<Directory>,
    /// What steps may mount.
    pub(super) lent: Lent,
}

/// A base image that was found and not yet read, under its argument.
pub(super) struct FoundBase {
    pub(super) argument: String,
    pub(super) path: PathBuf,
    pub(super) found: Found,
}

impl Opened {
    /// Opens what the plan reads. Blocking.
    ///
    /// # Errors
    /// [`BuildError::Open`], [`BuildError::Ssh`].
    pub(super) fn open(plan: &CheckedPlan, work: &mut Work) -> Result<Self, BuildError> {
        let mut directories = BTreeMap::new();
        for local in plan.solves().iter().flat_map(|solve| &solve.locals) {
            if !directories.contains_key(&local.path) {
                let opened = work.directory("directory", &local.path)?;
                directories.insert(local.path.clone(), opened);
            }
        }
        Ok(Self {
            dockerfile: Dockerfile::find(plan, &directories, work)?,
            lent: Lent::gather(plan, work)?,
            cache: cache(plan, work)?,
            directories,
        })
    }

    /// What a solve offers to the daemon.
    pub(super) fn locals(&self, solve: &Solve) -> Vec<Local> {
        let local = |local: &plan::Local| Local {
            name: local.name.clone(),
            directory: (self.local(solve, &local.name))
                .expect("every local of a plan is open")
                .clone(),
        };
        solve.locals.iter().map(local).collect()
    }

    /// What a solve offers to the daemon under a name; `None` if it offers nothing so.
    pub(super) fn local(&self, solve: &Solve, name: &str) -> Option<&Directory> {
        let local = solve.local(name)?;
        match &self.dockerfile {
            Some(dockerfile) if name == LOCAL => Some(&dockerfile.directory),
            _ => self.directories.get(&local.path),
        }
    }
}

/// Finds the plan's base images. Blocking.
///
/// # Errors
/// [`BuildError::Open`].
pub(super) fn bases(plan: &CheckedPlan, work: &mut Work) -> Result<Vec<FoundBase>, BuildError> {
    let mut bases = Vec::new();
    for image in plan.base_images() {
        let found = work.find(&image.path);
        bases.push(FoundBase {
            argument: image.argument.clone(),
            path: work.handle().full_path(&image.path),
            found: found.map_err(|error| unopened("base image", image.path.as_ref(), error))?,
        });
    }
    Ok(bases)
}

/// The cache's directory, made if it is missing.
fn cache(plan: &CheckedPlan, work: &mut Work) -> Result<Option<Directory>, BuildError> {
    let Some(cache) = plan.cache() else {
        return Ok(None);
    };
    let made = work.handle().made(&cache.directory);
    made.map_err(|source| unopened("cache", cache.directory.as_ref(), source))?;
    work.directory("cache", &cache.directory).map(Some)
}
