//! Opened: what a plan names on this machine, each path followed once when the build begins, and held from then on.
//!
//! Nothing of a build goes by these names again: what takes the name of something in the middle of it is neither sent nor
//! written to. A symbolic link may lead anywhere, because whoever wrote the request answers for it; where one leaves the
//! working directory, and the request does not say so itself, that is told.
//!
//! Reads: the directories and files that the plan names. Writes: the cache's directory, if it is missing; and see `outputs`.
//! Unknown here: what is in them.

use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path, PathBuf};

use oci_image_schema::plan::Solve;

use crate::executor::BuildError;
use crate::executor::dockerfile::{Dockerfile, LOCAL};
use crate::executor::lent::Lent;
use crate::handle::{Directory, Found};
use crate::outside::shown;
use crate::planner::checked_plan::CheckedPlan;
use crate::planner::inline_secrets::SecretBytes;

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
pub(super) struct Base {
    pub(super) argument: String,
    pub(super) path: PathBuf,
    pub(super) found: Found,
}

/// A working directory, and what leads out of it without being written so.
pub(super) struct Work {
    directory: Directory,
    real: Option<PathBuf>,
    /// What a person should know of the paths that were followed.
    pub(super) remarks: Vec<String>,
}

impl Work {
    /// Opens a working directory. Blocking.
    ///
    /// # Errors
    /// [`BuildError::Open`].
    pub(super) fn open(path: &Path) -> Result<Self, BuildError> {
        let directory =
            Directory::open(path).map_err(|source| unopened("working directory", path, source))?;
        Ok(Self {
            real: directory.real_path(),
            directory,
            remarks: Vec::new(),
        })
    }

    /// Follows a path that the plan names to a directory.
    pub(super) fn directory(
        &mut self,
        what: &'static str,
        path: &str,
    ) -> Result<Directory, BuildError> {
        let opened = self.directory.directory(path);
        let opened = opened.map_err(|source| unopened(what, path.as_ref(), source))?;
        self.remark(path, opened.real_path());
        Ok(opened)
    }

    /// Follows a path that the plan names to whatever stands there.
    pub(super) fn find(&mut self, path: &str) -> io::Result<Found> {
        let found = Found::open_in(&self.directory, path)?;
        self.remark(path, found.real_path());
        Ok(found)
    }

    /// The directory itself.
    pub(super) fn handle(&self) -> &Directory {
        &self.directory
    }

    /// Remarks on a path that leads out of the working directory, unless it says so itself.
    pub(super) fn remark(&mut self, path: &str, real: Option<PathBuf>) {
        let says_so = |part| matches!(part, Component::RootDir | Component::ParentDir);
        let (Some(real), Some(work)) = (real, &self.real) else {
            return;
        };
        if real.starts_with(work) || Path::new(path).components().any(says_so) {
            return;
        }
        let (path, real) = (shown(path), shown(&real));
        let remark = format!(
            "a symbolic link takes `{path}` out of the working directory, to `{real}`: that is what is used"
        );
        if !self.remarks.contains(&remark) {
            self.remarks.push(remark);
        }
    }
}

impl Opened {
    /// Opens what the plan reads; `inline` are the texts of secrets that stood in the object. Blocking.
    ///
    /// # Errors
    /// [`BuildError::Open`], [`BuildError::Ssh`].
    pub(super) fn open(
        plan: &CheckedPlan,
        inline: BTreeMap<String, SecretBytes>,
        work: &mut Work,
    ) -> Result<Self, BuildError> {
        let mut directories = BTreeMap::new();
        for local in plan.solves().iter().flat_map(|solve| &solve.locals) {
            if !directories.contains_key(&local.path) {
                let opened = work.directory("directory", &local.path)?;
                directories.insert(local.path.clone(), opened);
            }
        }
        Ok(Self {
            dockerfile: Dockerfile::find(plan, &directories, work)?,
            lent: Lent::gather(plan, inline, work)?,
            cache: cache(plan, work)?,
            directories,
        })
    }

    /// What a solve offers to the daemon under a name; `None` if it offers nothing so.
    pub(super) fn local(&self, solve: &Solve, name: &str) -> Option<&Directory> {
        let local = solve.locals.iter().find(|local| local.name == name)?;
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
pub(super) fn bases(plan: &CheckedPlan, work: &mut Work) -> Result<Vec<Base>, BuildError> {
    let mut bases = Vec::new();
    for image in plan.base_images() {
        let found = work.find(&image.path);
        bases.push(Base {
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

/// The failure of a path that cannot be followed.
pub(super) fn unopened(what: &'static str, path: &Path, source: io::Error) -> BuildError {
    BuildError::Open {
        what,
        path: path.to_owned(),
        source,
    }
}
