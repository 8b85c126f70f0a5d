//! What a nested build has to know of the one around it.
//!
//! Shared by the build scripts that embed what is built for another target. The nested build has a target directory of its own, one for
//! all profiles of the outer build: cargo holds the lock of the outer one, and a directory for each `OUT_DIR` would take 150 MB each
//! time.

use std::path::{Path, PathBuf};
use std::process::{self, Command};
use std::{env, fs};

/// What the outer build says of itself.
#[allow(
    dead_code,
    reason = "what is left for hosts in other languages is embedded nowhere"
)]
pub(crate) struct Outer {
    /// The root of the workspace.
    pub(crate) workspace: PathBuf,
    /// Where cargo keeps what it makes: `target/`.
    pub(crate) target_directory: PathBuf,
    /// Where this build script writes.
    pub(crate) out: PathBuf,
    /// The triple for which the product is built.
    pub(crate) triple: String,
}

impl Outer {
    /// Reads cargo's environment.
    pub(crate) fn from_environment() -> Result<Self, String> {
        let manifest = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
        let workspace = manifest
            .ancestors()
            .find(|directory| directory.join("Cargo.lock").exists())
            .ok_or("this crate is not a member of the workspace")?
            .to_owned();
        let out = PathBuf::from(variable("OUT_DIR")?);
        // Cargo marks the root of its target directory, wherever that is configured to be.
        let target_directory = out
            .ancestors()
            .find(|directory| directory.join("CACHEDIR.TAG").exists())
            .map_or_else(|| workspace.join("target"), Path::to_owned);
        Ok(Self {
            workspace,
            target_directory,
            out,
            triple: variable("TARGET")?,
        })
    }

    /// Tells cargo what, besides this crate, is built from.
    pub(crate) fn watch(&self, paths: &[&str]) {
        for path in ["Cargo.toml", "Cargo.lock"].iter().chain(paths) {
            println!(
                "cargo::rerun-if-changed={}",
                self.workspace.join(path).display()
            );
        }
    }

    /// Builds something of a package into a target directory of its own; `selected` says what, and how.
    pub(crate) fn build(
        &self,
        package: &str,
        directory: &Path,
        selected: &[&str],
    ) -> Result<(), String> {
        let mut cargo = Command::new(variable("CARGO")?);
        cargo
            .args(["build", "--locked", "--quiet", "--package", package])
            .args(selected)
            .arg("--target-dir")
            .arg(directory)
            .current_dir(&self.workspace);
        for (name, _) in env::vars_os() {
            if name.to_str().is_some_and(belongs_to_the_outer_build) {
                cargo.env_remove(name);
            }
        }
        let status = cargo
            .status()
            .map_err(|error| format!("cannot run cargo: {error}"))?;
        match status.success() {
            true => Ok(()),
            false => Err(format!("cargo build of {package}: {status}")),
        }
    }
}

/// Whether a variable describes the outer build, and would lead the nested one astray. `CARGO_MAKEFLAGS` is no such one:
/// it holds the job server.
fn belongs_to_the_outer_build(name: &str) -> bool {
    const PREFIXES: [&str; 5] = [
        "RUSTC",
        "RUSTDOC",
        "CARGO_FEATURE_",
        "CARGO_CFG_",
        "CARGO_PROFILE_",
    ];
    const NAMES: [&str; 4] = [
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_BUILD_TARGET",
        "CARGO_TARGET_DIR",
    ];
    PREFIXES.iter().any(|prefix| name.starts_with(prefix)) || NAMES.contains(&name)
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|error| format!("cargo sets {name}: {error}"))
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}

/// Writes only what changed, so that nothing that watches the file is disturbed; and at once, because two build scripts may leave one file.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    let partial = path.with_extension(format!("{}.partial", process::id()));
    fs::write(&partial, bytes)
        .and_then(|()| fs::rename(&partial, path))
        .map_err(|error| format!("cannot write {}: {error}", path.display()))
}
