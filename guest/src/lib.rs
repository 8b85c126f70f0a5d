//! The planner: an object in, a build plan or every mistake out.
//!
//! Pure functions: no clock, no environment, no file but through [`workspace::Workspace`]; the same object and the same answers give
//! the same bytes, natively and in the sandbox. Nothing here panics, recurses with the input, or takes more than linear time.
//!
//! In reading order:
//!
//! - `object`: the text key by key, as the rows of the keys say; by `reader`, which reads values as types. `syntax`: where it is no JSON.
//! - `passed`: keys that are only passed on; `own`: the readers of those with rules of their own.
//! - `pair`, `pair_list`, `name`, `context_input`, `platform`, `host`, `registry`, `secret`, `frontend`, `compression`, `cache_mounts`, `layer_cache`: the rules, one noun each.
//! - `request`: what was read, and the rules about several keys.
//! - `daemon_config`: buildkitd's configuration, by `toml_tree`, which joins TOML, and `toml_text`, which writes it.
//! - `daemon_values`: the user's part of it, judged by `daemon_settings`, what buildkitd reads.
//! - `interface`: what the build needs and gives.
//! - `solve`: the plan, with `files`, which looks at what the object names, and `lines` and `yaml`, which read it.
//! - `findings`: what is wrong, collected; `nearest`: what was probably meant; `json`: JSON with places.
//! - [`workspace`]: what may be asked of the host.
//! - `component`: the same functions as exports of a component, by `bindings`, which `wit-bindgen` wrote.
//!
//! Source: `planner.wit`.

#[cfg(target_family = "wasm")]
#[rustfmt::skip]
mod bindings;
mod cache_mounts;
#[cfg(target_family = "wasm")]
mod component;
mod compression;
mod context_input;
mod daemon_config;
mod daemon_settings;
mod daemon_values;
mod files;
mod findings;
mod frontend;
mod host;
mod interface;
mod json;
mod layer_cache;
mod lines;
mod name;
mod nearest;
mod object;
mod own;
mod pair;
mod pair_list;
mod passed;
mod platform;
mod reader;
mod registry;
mod request;
mod secret;
mod solve;
mod syntax;
#[cfg(test)]
mod tests;
mod toml_text;
mod toml_tree;
pub mod workspace;
mod yaml;

use oci_image_schema::diagnostic::Diagnostic;
use oci_image_schema::interface::Interface;
use oci_image_schema::plan::BuildPlan;

use findings::Findings;
use workspace::Workspace;

/// Every defect of the object that can be seen without looking at a file, and every remark, in the order of its text.
#[must_use]
pub fn validate(object: &str) -> Vec<Diagnostic> {
    let mut findings = Findings::new(object);
    if let Some(request) = object::read(object, &mut findings) {
        daemon_config::read(&request, &mut findings);
    }
    findings.into_diagnostics()
}

/// What the message `build` of this object needs and gives.
///
/// # Errors
///
/// What [`validate`] says, if anything of it is an error.
pub fn describe(object: &str) -> Result<Interface, Vec<Diagnostic>> {
    let mut findings = Findings::new(object);
    let interface = object::read(object, &mut findings).and_then(|request| {
        daemon_config::read(&request, &mut findings);
        interface::interface(&request)
    });
    match interface {
        Some(interface) if !findings.failed() => Ok(interface),
        _ => Err(findings.into_diagnostics()),
    }
}

/// What is built.
///
/// # Errors
///
/// Every defect and remark, those about the files that the object names included, if any is an error.
pub fn plan(object: &str, workspace: &dyn Workspace) -> Result<BuildPlan, Vec<Diagnostic>> {
    let mut findings = Findings::new(object);
    let plan = object::read(object, &mut findings).and_then(|request| {
        let config = daemon_config::read(&request, &mut findings).write();
        solve::plan(&request, config, workspace, &mut findings)
    });
    match plan {
        Some(plan) if !findings.failed() => Ok(BuildPlan {
            warnings: findings.into_diagnostics(),
            ..plan
        }),
        _ => Err(findings.into_diagnostics()),
    }
}
