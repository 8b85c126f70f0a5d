//! The plan, checked before it is obeyed. The planner is not trusted, or its sandbox would be decoration.
//!
//! Every value of the plan must be the one that the host itself reads in the object, in the text that the workspace handed out for a
//! file that the object names, or in what the workspace said stands at a path; and what the object asks for must be there. So a
//! planner can invent nothing, change nothing, and leave nothing out: a setting that closes something counts as much as one
//! that opens it. A plan that holds anything else is the planner's error, and nothing was touched. There is no way to an executor but
//! through this check.
//!
//! Free are only the remarks beside the plan (`checked_diagnostics`), and how a directory's path is written (`./app/` for `app`).
//!
//! Reads and writes: nothing. Unknown here: what is asked for (`asked`, `asked_config`). Source: `schema/planner.wit`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use oci_image_boundary::secret_bytes::SecretBytes;
use oci_image_schema::compression::{GZIP, ZSTD};
use oci_image_schema::diagnostic::Diagnostic;
use oci_image_schema::key::given;
use oci_image_schema::object::Object;
use oci_image_schema::plan::{
    BaseImage, BuildPlan, Cache, CacheMounts, Compression, FrontendAttribute, ImageExport,
    ImageFormat, LayerCache, LayerCacheAttribute, LayerCacheValue, Local, Secret, Solve, Ssh,
};
use oci_image_schema::platform;

use super::answers::Answers;
use super::asked::{Asked, CACHE, IMAGE, additional_targets};
use super::checked_config;
use super::path::normal;
use oci_image_forms::inline_secrets::{CacheSecrets, MaskedObject};

use super::lie::{all_are, differs, missing, unasked};

pub use super::lie::LyingPlanner;

/// What a plan says of cache mounts, with the directory.
const MOUNTS_IN: &str = "cache mounts in";

/// A plan that is what its object asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedPlan {
    plan: BuildPlan,
    names_dockerfile: bool,
    /// The texts of the object's secrets, by id.
    secret_texts: Arc<BTreeMap<String, SecretBytes>>,
    /// Those of its layer caches.
    cache_secrets: Arc<CacheSecrets>,
    /// The text of each file that was read, by the path that the object gives.
    files: BTreeMap<String, String>,
}

impl CheckedPlan {
    /// Checks a plan against the object that it was made from, and what the workspace answered meanwhile.
    ///
    /// # Errors
    /// [`LyingPlanner`], with the first thing that is not as it was asked for.
    pub fn new(
        plan: BuildPlan,
        object: &MaskedObject,
        answers: &Answers,
    ) -> Result<Self, LyingPlanner> {
        let read = object.read().map_err(LyingPlanner::unsound)?;
        check(&plan, read, answers)?;
        Ok(Self {
            plan,
            names_dockerfile: given(&read.dockerfile).is_some(),
            secret_texts: object.shared_secrets(),
            cache_secrets: Arc::clone(object.cache_secrets()),
            files: answers.texts().clone(),
        })
    }

    /// buildkitd's configuration, as TOML.
    #[must_use]
    pub fn daemon_config(&self) -> &str {
        &self.plan.daemon_config
    }

    /// Whether logs are verbose.
    #[must_use]
    pub fn debug(&self) -> bool {
        self.plan.debug
    }

    /// Whether the context is told by what its files hold.
    #[must_use]
    pub fn context_by_content(&self) -> bool {
        self.plan.context_by_content
    }

    /// Images to load and serve; their arguments differ.
    #[must_use]
    pub fn base_images(&self) -> &[BaseImage] {
        &self.plan.base_images
    }

    /// Build cache, if it is kept.
    #[must_use]
    pub fn cache(&self) -> Option<&Cache> {
        self.plan.cache.as_ref()
    }

    /// Layer caches that the daemon reads itself.
    #[must_use]
    pub fn cache_from(&self) -> &[LayerCache] {
        &self.plan.cache_from
    }

    /// Layer caches that it writes itself, of the last solve.
    #[must_use]
    pub fn cache_to(&self) -> &[LayerCache] {
        &self.plan.cache_to
    }

    /// The secrets among the attributes of both.
    #[must_use]
    pub fn cache_secrets(&self) -> &CacheSecrets {
        &self.cache_secrets
    }

    /// How layers are compressed: by a level that there is.
    #[must_use]
    pub fn compression(&self) -> Compression {
        self.plan.compression
    }

    /// Secrets; their ids differ.
    #[must_use]
    pub fn secrets(&self) -> &[Secret] {
        &self.plan.secrets
    }

    /// The texts of those secrets that stood in the object, by id.
    #[must_use]
    pub fn secret_texts(&self) -> &BTreeMap<String, SecretBytes> {
        &self.secret_texts
    }

    /// The text of each file that the planner read, by the path that the object gives: remarks point into them.
    #[must_use]
    pub fn files(&self) -> &BTreeMap<String, String> {
        &self.files
    }

    /// SSH agents; their ids differ.
    #[must_use]
    pub fn ssh(&self) -> &[Ssh] {
        &self.plan.ssh
    }

    /// Solves, at least one; their names differ, and so do the directories of their outputs. The last is that of the image.
    #[must_use]
    pub fn solves(&self) -> &[Solve] {
        &self.plan.solves
    }

    /// The platforms that are built for, as daemons name them; none: the daemon's own.
    #[must_use]
    pub fn platforms(&self) -> Vec<String> {
        let listed = self
            .plan
            .solves
            .iter()
            .filter_map(|solve| solve.text("platform"));
        let each = listed.flat_map(|platforms| platforms.split(','));
        let names: BTreeSet<String> = each.map(platform::full_name).collect();
        names.into_iter().collect()
    }

    /// Whether the object names the Dockerfile; otherwise it was found in the context.
    #[must_use]
    pub fn names_dockerfile(&self) -> bool {
        self.names_dockerfile
    }

    /// Remarks.
    #[must_use]
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.plan.warnings
    }

    /// The same with nothing that is left behind, images and cache: what is asked for is what is built from.
    #[must_use]
    pub fn without_results(&self) -> Self {
        let mut only_read = self.clone();
        only_read.plan.cache = None;
        only_read.plan.cache_to.clear();
        for solve in &mut only_read.plan.solves {
            solve.export = None;
        }
        only_read
    }

    /// The plan as a value, for printing it.
    #[must_use]
    pub fn as_plan(&self) -> &BuildPlan {
        &self.plan
    }

    /// The plan, which is then one that nobody has checked.
    #[must_use]
    pub fn into_plan(self) -> BuildPlan {
        self.plan
    }
}

/// Checks a plan against what its object says, and what the workspace answered meanwhile.
fn check(plan: &BuildPlan, object: &Object, answers: &Answers) -> Result<(), LyingPlanner> {
    let asked = Asked { object, answers };
    if plan.debug != object.debug {
        return Err(differs(plan.debug, "key", "debug"));
    }
    if plan.context_by_content != object.context_by_content {
        let key = "context_by_content";
        return Err(differs(plan.context_by_content, "key", key));
    }
    checked_config::check(&plan.daemon_config, object)?;
    check_base_images(&plan.base_images, asked)?;
    check_cache(plan.cache.as_ref(), asked)?;
    check_layer_caches(&plan.cache_from, &asked.cache_from())?;
    check_layer_caches(&plan.cache_to, &asked.cache_to())?;
    check_compression(plan.compression, asked)?;
    let id = |secret: &Secret| secret.id.clone();
    all_are("secret", &plan.secrets, &asked.secrets(), id)?;
    let id = |agent: &Ssh| agent.id.clone();
    all_are("SSH agent", &plan.ssh, &asked.ssh(), id)?;
    check_solves(&plan.solves, asked)
}

fn check_base_images(planned: &[BaseImage], asked: Asked<'_>) -> Result<(), LyingPlanner> {
    let pair = |image: &BaseImage| format!("{}={}", image.argument, image.path);
    all_are("base image", planned, &asked.base_images(), pair)
}

fn check_cache(planned: Option<&Cache>, asked: Asked<'_>) -> Result<(), LyingPlanner> {
    let asked = asked.cache();
    match (planned, &asked) {
        (Some(planned), Some(asked))
            if planned.directory == asked.directory && planned.import == asked.import =>
        {
            check_cache_mounts(planned.mounts.as_ref(), asked.mounts.as_ref())
        }
        (Some(planned), _) => Err(unasked("cache", &planned.directory)),
        (None, Some(asked)) => Err(missing("cache", &asked.directory)),
        (None, None) => Ok(()),
    }
}

fn check_cache_mounts(
    planned: Option<&CacheMounts>,
    asked: Option<&CacheMounts>,
) -> Result<(), LyingPlanner> {
    let (planned, asked) = match (planned, asked) {
        (Some(planned), Some(asked)) => (planned, asked),
        (planned, None) => return planned.map_or(Ok(()), |_| Err(unasked(MOUNTS_IN, CACHE))),
        (None, Some(_)) => return Err(missing(MOUNTS_IN, CACHE)),
    };
    match (&planned.ids, &asked.ids) {
        (Some(planned), Some(asked)) => all_are("cache mount", planned, asked, String::clone)?,
        (Some(_), None) => return Err(unasked("choice of", "cache_mounts")),
        (None, Some(_)) => return Err(missing("choice of", "cache_mounts")),
        (None, None) => {}
    }
    if planned.limit != asked.limit {
        return Err(unasked("limit of cache mounts", &planned.limit.to_string()));
    }
    if planned.read_only != asked.read_only {
        return Err(differs(planned.read_only, "key", "cache_mounts_read_only"));
    }
    Ok(())
}

fn check_layer_caches(planned: &[LayerCache], asked: &[LayerCache]) -> Result<(), LyingPlanner> {
    let name = |cache: &LayerCache| {
        let attribute = |of: &LayerCacheAttribute| match &of.value {
            LayerCacheValue::Text(value) => format!(",{}={value}", of.key),
            LayerCacheValue::Inline => format!(",{}", of.key),
        };
        let attributes: String = cache.attributes.iter().map(attribute).collect();
        format!("type={}{attributes}", cache.kind)
    };
    all_are("layer cache", planned, asked, name)
}

fn check_compression(planned: Compression, asked: Asked<'_>) -> Result<(), LyingPlanner> {
    if planned == asked.compression() {
        return Ok(());
    }
    let (name, level) = match planned {
        Compression::Gzip(level) => (GZIP, level),
        Compression::Zstd(level) => (ZSTD, level),
    };
    let level = level.map_or_else(String::new, |level| format!(" at level {level}"));
    Err(unasked("compression", &format!("{name}{level}")))
}

fn check_solves(solves: &[Solve], asked: Asked<'_>) -> Result<(), LyingPlanner> {
    let Some((last, additional)) = solves.split_last() else {
        return Err(LyingPlanner::NoImage);
    };
    if last.name != IMAGE {
        return Err(LyingPlanner::NoImage);
    }
    let names: Vec<&str> = additional.iter().map(|solve| &*solve.name).collect();
    let name = |name: &&str| (*name).to_owned();
    all_are("target", &names, &additional_targets(asked.object), name)?;
    let (locals, attributes) = (asked.locals(), asked.attributes()?);
    for solve in solves {
        check_locals(&solve.locals, &locals)?;
        let key = |attribute: &FrontendAttribute| attribute.key.clone();
        all_are(
            "frontend attribute",
            &solve.attributes,
            &attributes.of(&solve.name),
            key,
        )?;
        check_export(solve, asked)?;
    }
    Ok(())
}

fn check_locals(planned: &[Local], asked: &[Local]) -> Result<(), LyingPlanner> {
    let names = |locals: &[Local]| -> Vec<String> {
        locals.iter().map(|local| local.name.clone()).collect()
    };
    all_are("local", &names(planned), &names(asked), String::clone)?;
    for (planned, asked) in planned.iter().zip(asked) {
        if normal(&planned.path) != normal(&asked.path) {
            return Err(unasked("directory", &planned.path));
        }
    }
    Ok(())
}

fn check_export(solve: &Solve, asked: Asked<'_>) -> Result<(), LyingPlanner> {
    let asked = asked.export(&solve.name);
    let (planned, asked): (&ImageExport, _) = match (&solve.export, &asked) {
        (Some(planned), Some(asked)) => (planned, asked),
        (Some(planned), None) => return Err(unasked("output directory", &planned.directory)),
        (None, Some(asked)) => return Err(missing("output directory", &asked.directory)),
        (None, None) => return Ok(()),
    };
    if planned.directory != asked.directory {
        Err(unasked("output directory", &planned.directory))
    } else if planned.rootfs != asked.rootfs {
        Err(differs(
            planned.rootfs,
            "root file system in",
            &planned.directory,
        ))
    } else if planned.format != asked.format {
        let is_layout = planned.format == ImageFormat::OciLayout;
        Err(differs(is_layout, "OCI layout in", &planned.directory))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
