//! From a crate of this workspace to a precompiled component: nested build, then ahead-of-time compilation.
//!
//! Shared by the build scripts of the planner and of the tests (the hostile planner). The nested build has a
//! target directory of its own, one for all profiles of the outer build: cargo holds the lock of the outer one, and a
//! directory for each `OUT_DIR` would take 150 MB each time.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

#[path = "../src/engine_config.rs"]
mod engine_config;

const TARGET: &str = "wasm32-wasip2";

/// How much of its memory a component keeps for its stack, in bytes.
// The linker's own megabyte would be most of the memory that a call maps, or zeroes. The planner does not recurse with the input but
// in TOML, whose depth is bounded: `tests/suites/component.rs` has the deepest.
const STACK: u32 = 128 * 1024;

/// What the outer build says of itself.
pub(crate) struct Outer {
    /// The root of the workspace.
    workspace: PathBuf,
    /// Where cargo keeps what it makes: `target/`.
    target_directory: PathBuf,
    /// Where this build script writes.
    out: PathBuf,
    /// The triple for which the product is built.
    triple: String,
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

    /// Tells cargo what, besides this crate, the component is made of.
    pub(crate) fn watch(&self, paths: &[&str]) {
        let common = [
            "Cargo.toml",
            "Cargo.lock",
            "schema/Cargo.toml",
            "schema/planner.wit",
            "schema/src",
            "host/planner/build",
            "host/planner/src/engine_config.rs",
        ];
        for path in common.iter().chain(paths) {
            println!(
                "cargo::rerun-if-changed={}",
                self.workspace.join(path).display()
            );
        }
    }

    /// Builds `package` and writes it precompiled to `OUT_DIR/<name>.cwasm`; the component itself goes to
    /// `target/planner/<name>.wasm`, for hosts in other languages.
    pub(crate) fn component(&self, package: &str, name: &str) -> Result<(), String> {
        self.demand_target()?;
        let built = self.build(package)?;
        let component = read(&built)?;
        write(
            &self.planner_directory().join(format!("{name}.wasm")),
            &component,
        )?;
        let precompiled = self.precompile(&component)?;
        write(&self.out.join(format!("{name}.cwasm")), &precompiled)
    }

    fn planner_directory(&self) -> PathBuf {
        self.target_directory.join("planner")
    }

    /// Without the standard library of the target, rustc reports hundreds of missing items.
    fn demand_target(&self) -> Result<(), String> {
        let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let output = Command::new(&rustc)
            .args(["--print", "target-libdir", "--target", TARGET])
            .current_dir(&self.workspace)
            .output()
            .map_err(|error| format!("cannot run {}: {error}", rustc.display()))?;
        let directory = String::from_utf8_lossy(&output.stdout);
        if output.status.success() && Path::new(directory.trim()).is_dir() {
            return Ok(());
        }
        Err(format!(
            "the planner is built for {TARGET}, whose standard library is not installed: run `rustup target add {TARGET}`"
        ))
    }

    fn build(&self, package: &str) -> Result<PathBuf, String> {
        let directory = self.planner_directory().join("build");
        let mut cargo = Command::new(variable("CARGO")?);
        cargo
            .args(["build", "--locked", "--lib", "--quiet"])
            .args(["--profile", "guest"])
            .args(["--target", TARGET])
            .args(["--package", package])
            .args([
                "--config",
                &format!("target.{TARGET}.rustflags=['-Clink-arg=-zstack-size={STACK}']"),
            ])
            .arg("--target-dir")
            .arg(&directory)
            .current_dir(&self.workspace);
        for (name, _) in env::vars_os() {
            if name.to_str().is_some_and(belongs_to_the_outer_build) {
                cargo.env_remove(name);
            }
        }
        let status = cargo
            .status()
            .map_err(|error| format!("cannot run cargo: {error}"))?;
        if !status.success() {
            return Err(format!("cargo build of {package} for {TARGET}: {status}"));
        }
        let file = format!("{}.wasm", package.replace('-', "_"));
        Ok(directory.join(TARGET).join("guest").join(file))
    }

    fn precompile(&self, component: &[u8]) -> Result<Vec<u8>, String> {
        let mut config = engine_config::engine_config();
        // Said outright: else the features of the build machine's CPU become demands on every other machine.
        config
            .target(&self.triple)
            .map_err(|error| format!("wasmtime does not compile for {}: {error}", self.triple))?;
        wasmtime::Engine::new(&config)
            .and_then(|engine| engine.precompile_component(component))
            .map_err(|error| format!("cannot precompile the component: {error:#}"))
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

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}

/// Writes only what changed, so that nothing that watches the file is disturbed.
fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    fs::write(path, bytes).map_err(|error| format!("cannot write {}: {error}", path.display()))
}
