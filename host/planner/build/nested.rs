//! From a crate of this workspace to a component, by a nested build.
//!
//! Shared by the build scripts that embed a component, and by the one that leaves it for hosts in other languages.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::outer::{Outer, read, write};

const TARGET: &str = "wasm32-wasip2";

/// How much of its memory a component keeps for its stack, in bytes.
// The linker's own megabyte would be most of the memory that a call maps, or zeroes. The planner does not recurse with the input but
// in TOML, whose depth is bounded: `tests/suites/component.rs` has the deepest.
const STACK: u32 = 128 * 1024;

/// What every component is made of.
const COMMON: [&str; 5] = [
    "schema/Cargo.toml",
    "schema/planner.wit",
    "schema/src",
    "host/planner/build/nested.rs",
    "host/planner/build/outer.rs",
];

/// Builds `package` and leaves the component in `target/planner/<name>.wasm`, for hosts in other languages. `paths` are what it is made of,
/// beside this crate and what all are made of.
pub(crate) fn leave(
    outer: &Outer,
    package: &str,
    name: &str,
    paths: &[&str],
) -> Result<Vec<u8>, String> {
    outer.watch(&COMMON);
    outer.watch(paths);
    demand_target(outer)?;
    let directory = outer.target_directory.join("planner");
    let component = read(&build(outer, package, &directory.join("build"))?)?;
    write(&directory.join(format!("{name}.wasm")), &component)?;
    Ok(component)
}

/// Without the standard library of the target, rustc reports hundreds of missing items.
fn demand_target(outer: &Outer) -> Result<(), String> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(&rustc)
        .args(["--print", "target-libdir", "--target", TARGET])
        .current_dir(&outer.workspace)
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

fn build(outer: &Outer, package: &str, directory: &Path) -> Result<PathBuf, String> {
    let stack = format!("target.{TARGET}.rustflags=['-Clink-arg=-zstack-size={STACK}']");
    let selected = ["--lib", "--profile", "guest", "--target", TARGET];
    outer.build(
        package,
        directory,
        &[&selected[..], &["--config", &stack]].concat(),
    )?;
    let file = format!("{}.wasm", package.replace('-', "_"));
    Ok(directory.join(TARGET).join("guest").join(file))
}
