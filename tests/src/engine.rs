//! Where buildkitd and its companions are, and the program under test.
//!
//! The engine is promised by `make setup`: a test that does not find it fails and names that command.

use std::env;
use std::path::{Path, PathBuf};

/// The checkout.
#[must_use]
pub fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the crate stands in the checkout")
        .to_owned()
}

/// The directory that holds `buildkitd` and `buildctl`.
///
/// # Panics
/// If they are not there.
#[must_use]
pub fn directory() -> PathBuf {
    let directory = env::var_os("OCI_IMAGE_ENGINE")
        .map_or_else(|| checkout().join("target/engine/bin"), PathBuf::from);
    assert!(
        directory.join("buildkitd").exists(),
        "no buildkitd in {}; run `make setup`",
        directory.display()
    );
    directory
}

/// The version of BuildKit that `make setup` builds: that of the engine's module.
///
/// # Panics
/// If the module names none.
#[must_use]
pub fn version() -> String {
    let module = checkout().join("host/engine/go.mod");
    let text = std::fs::read_to_string(&module)
        .unwrap_or_else(|error| panic!("{}: {error}", module.display()));
    let required = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("github.com/moby/buildkit "));
    let version = required.and_then(|version| version.split_whitespace().next());
    version.expect("the module requires BuildKit").to_owned()
}

/// `PATH` with the engine and the system's own programs first.
#[must_use]
pub fn path() -> String {
    let inherited = env::var("PATH").unwrap_or_default();
    format!("{}:{inherited}:/usr/sbin:/sbin", directory().display())
}

/// The program under test, built in the profile of the tests.
///
/// # Panics
/// If it is not built.
#[must_use]
pub fn program() -> PathBuf {
    let test = env::current_exe().expect("a running program has a path");
    let profile = test
        .parent()
        .and_then(Path::parent)
        .expect("tests stand in target/PROFILE/deps");
    let program = profile.join("oci-image");
    assert!(
        program.exists(),
        "no {}; run `cargo build`",
        program.display()
    );
    program
}

/// A static busybox: the base of every image in the tests, so that none comes from outside.
///
/// # Panics
/// If it is not installed.
#[must_use]
pub fn busybox() -> PathBuf {
    ["/bin/busybox", "/usr/bin/busybox"]
        .map(PathBuf::from)
        .into_iter()
        .find(|path| path.exists())
        .expect("`make setup` installs busybox-static")
}
