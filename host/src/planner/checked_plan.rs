//! The plan, checked before it is obeyed. The planner is not trusted, or its sandbox would be decoration.
//!
//! Whatever the plan makes the host read, write or run must stand in the object, or be fixed by the contract: every path,
//! every secret, every setting of the daemon, every directory of an output. A plan that holds anything else is the planner's
//! error, and nothing was touched. There is no way to an executor but through this check.
//!
//! Not checked is what a lie could only spoil, not take: the values of arguments and labels that come from a file.
//!
//! Reads and writes: nothing. Source: `schema/planner.wit`, the object's keys (`schema::object`).

use std::collections::BTreeSet;
use std::path::Path;

use oci_image_schema::diagnostic::Diagnostic;
use oci_image_schema::object::{self, Object};
use oci_image_schema::plan::{
    AttributeValue, BaseImage, BuildPlan, Cache, FrontendAttribute, ImageExport, ImageFormat,
    Local, Secret, SecretSource, Solve, Ssh,
};

use super::checked_config;
use super::named_paths::{given, normal, single};

pub use super::lie::LyingPlanner;

/// The name of the final solve, and the directory of its output.
const IMAGE: &str = "image";
/// The directory of the build cache.
const CACHE: &str = "cache";

/// A plan that asks for nothing that its object does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedPlan {
    plan: BuildPlan,
    names_dockerfile: bool,
}

impl CheckedPlan {
    /// Checks a plan against the object that it was made from.
    ///
    /// # Errors
    /// [`LyingPlanner`], with the first thing that was not asked for.
    pub fn new(plan: BuildPlan, object: &Object) -> Result<Self, LyingPlanner> {
        if plan.debug && !object.debug {
            return Err(unasked("key", "debug"));
        }
        checked_config::check(&plan.daemon_config, object)?;
        check_base_images(&plan.base_images, object)?;
        if let Some(cache) = plan.cache.as_ref()
            && !(object.cache && cache.directory == CACHE)
        {
            return Err(unasked("cache", &cache.directory));
        }
        check_secrets(&plan.secrets, object)?;
        check_ssh(&plan.ssh, object)?;
        check_solves(&plan, object)?;
        Ok(Self {
            plan,
            names_dockerfile: given(&object.dockerfile).is_some(),
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

    /// Secrets; their ids differ.
    #[must_use]
    pub fn secrets(&self) -> &[Secret] {
        &self.plan.secrets
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

    /// The plan as a value, for printing it.
    #[must_use]
    pub fn as_plan(&self) -> &BuildPlan {
        &self.plan
    }
}

fn unasked(what: &'static str, value: &str) -> LyingPlanner {
    LyingPlanner::Unasked {
        what,
        value: value.to_owned(),
    }
}

fn all_differ<'a>(
    what: &'static str,
    values: impl Iterator<Item = &'a str>,
) -> Result<(), LyingPlanner> {
    let mut seen = BTreeSet::new();
    for value in values {
        if !seen.insert(value) {
            return Err(LyingPlanner::Repeated {
                what,
                value: value.to_owned(),
            });
        }
    }
    Ok(())
}

/// Whether a list of `K=V` holds this pair.
fn holds_pair(list: &[String], key: &str, value: &str) -> bool {
    list.iter()
        .any(|pair| pair.split_once('=') == Some((key, value)))
}

fn check_base_images(images: &[BaseImage], object: &Object) -> Result<(), LyingPlanner> {
    for image in images {
        if !holds_pair(&object.image_args, &image.argument, &image.path) {
            let pair = format!("{}={}", image.argument, image.path);
            return Err(unasked("base image", &pair));
        }
    }
    all_differ(
        "argument of a base image",
        images.iter().map(|image| &*image.argument),
    )
}

fn check_secrets(secrets: &[Secret], object: &Object) -> Result<(), LyingPlanner> {
    for secret in secrets {
        let is_asked_for = match (object.buildkit_secrets.get(&secret.id), &secret.source) {
            (Some(object::Secret::File(asked)), SecretSource::File(path)) => asked == path,
            (Some(object::Secret::Inline(_)), SecretSource::Inline) => true,
            _ => false,
        };
        if !is_asked_for {
            return Err(unasked("secret", &secret.id));
        }
    }
    all_differ("secret", secrets.iter().map(|secret| &*secret.id))
}

/// `default`, or `id=path,path`.
fn check_ssh(agents: &[Ssh], object: &Object) -> Result<(), LyingPlanner> {
    for agent in agents {
        let asked = match object.buildkit_ssh.as_deref().map(|ssh| {
            ssh.split_once('=')
                .map_or((ssh, None), |(id, paths)| (id, Some(paths)))
        }) {
            Some((id, None)) => id == agent.id && agent.paths.is_empty(),
            Some((id, Some(paths))) => id == agent.id && paths.split(',').eq(&agent.paths),
            None => false,
        };
        if !asked {
            return Err(unasked("SSH agent", &agent.id));
        }
    }
    all_differ("SSH agent", agents.iter().map(|agent| &*agent.id))
}

fn check_solves(plan: &BuildPlan, object: &Object) -> Result<(), LyingPlanner> {
    let Some((last, additional)) = plan.solves.split_last() else {
        return Err(LyingPlanner::NoImage);
    };
    if last.name != IMAGE {
        return Err(LyingPlanner::NoImage);
    }
    let targets: BTreeSet<&str> = object
        .additional_targets
        .iter()
        .map(String::as_str)
        .collect();
    for solve in additional {
        if !targets.contains(solve.name.as_str()) {
            return Err(unasked("target", &solve.name));
        }
    }
    all_differ("solve", plan.solves.iter().map(|solve| &*solve.name))?;
    for solve in &plan.solves {
        check_locals(&solve.locals, object)?;
        check_attributes(solve, plan, object)?;
        if let Some(export) = &solve.export {
            check_export(export, &solve.name, object)?;
        }
    }
    Ok(())
}

fn check_locals(locals: &[Local], object: &Object) -> Result<(), LyingPlanner> {
    for local in locals {
        let asked = match (local.name.as_str(), given(&object.dockerfile)) {
            ("context", _) | ("dockerfile", None) => object.context.as_str(),
            ("dockerfile", Some(path)) => Path::new(path)
                .parent()
                .and_then(Path::to_str)
                .unwrap_or_default(),
            (name, _) => return Err(unasked("local", name)),
        };
        if normal(&local.path) != normal(asked) {
            return Err(unasked("directory", &local.path));
        }
    }
    all_differ("local", locals.iter().map(|local| &*local.name))
}

fn check_attributes(solve: &Solve, plan: &BuildPlan, object: &Object) -> Result<(), LyingPlanner> {
    for attribute in &solve.attributes {
        if !is_asked_for(attribute, solve, plan, object) {
            return Err(unasked("frontend attribute", &attribute.key));
        }
    }
    all_differ(
        "frontend attribute",
        solve.attributes.iter().map(|attribute| &*attribute.key),
    )
}

/// The keys are those that the contract needs; BuildKit has others, among them some that fetch the context from elsewhere.
fn is_asked_for(
    attribute: &FrontendAttribute,
    solve: &Solve,
    plan: &BuildPlan,
    object: &Object,
) -> bool {
    let text = match &attribute.value {
        AttributeValue::Text(text) => text,
        AttributeValue::BaseImage(argument) => {
            return attribute.key.strip_prefix("build-arg:") == Some(argument)
                && plan
                    .base_images
                    .iter()
                    .any(|image| image.argument == *argument);
        }
    };
    match attribute.key.as_str() {
        "filename" => {
            let dockerfile = given(&object.dockerfile).unwrap_or("Dockerfile");
            Path::new(dockerfile).file_name() == Some(text.as_ref())
        }
        "target" if solve.name != IMAGE => *text == solve.name,
        "target" => given(&object.target_file).is_some() || object.target.as_ref() == Some(text),
        "add-hosts" => given(&object.add_hosts).is_some(),
        "platform" => given(&object.image_platform).is_some(),
        key => {
            let (list, file, name) = if let Some(name) = key.strip_prefix("build-arg:") {
                (&object.build_args, &object.build_args_file, name)
            } else if let Some(name) = key.strip_prefix("label:") {
                (&object.labels, &object.labels_file, name)
            } else {
                return false;
            };
            given(file).is_some() || holds_pair(list, name, text)
        }
    }
}

fn check_export(export: &ImageExport, solve: &str, object: &Object) -> Result<(), LyingPlanner> {
    // The name of a solve is `image` or that of a target, which may be written in any way.
    if export.directory != solve || single(solve).is_none() {
        return Err(unasked("output directory", &export.directory));
    }
    if export.rootfs && !object.unpack_rootfs {
        return Err(unasked("root file system in", &export.directory));
    }
    let several_platforms = object
        .image_platform
        .as_ref()
        .is_some_and(|platforms| platforms.contains(','));
    if export.format == ImageFormat::OciLayout && !object.output_oci && !several_platforms {
        return Err(unasked("OCI layout in", &export.directory));
    }
    Ok(())
}

#[cfg(test)]
#[path = "checked_plan_tests.rs"]
mod tests;
