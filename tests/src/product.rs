//! The product's image as a root filesystem: the real one where `make self-build` names it, else what the Dockerfile would
//! put there, by its own scripts, out of this build.
//!
//! Of this build the programs are linked to libraries, so these stand beside them. What only a real image has (igzip,
//! emulators, licences) is not there: [`is_real`] tells.

use std::env;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::engine;

/// What the image sets.
pub const PATH: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Whether the image is the one that `make self-build` has made.
#[must_use]
pub fn is_real() -> bool {
    real().is_some()
}

/// Puts the image's files into a directory that is not there yet.
///
/// # Panics
/// If the file system refuses, or a program is not installed.
pub fn install(root: &Path) {
    if let Some(image) = real() {
        return run(Command::new("cp").arg("--archive").arg(image).arg(root));
    }
    let programs = root.join("usr/bin");
    fs::create_dir_all(&programs).expect("a directory");
    for program in [
        engine::program(),
        engine::directory().join("buildkitd"),
        on_path("runc"),
        engine::busybox(),
    ] {
        let name = program.file_name().expect("a program has a name");
        link(&program, &programs.join(name));
        for library in libraries(&program) {
            link(
                &library,
                &root.join(library.strip_prefix("/").expect("an absolute path")),
            );
        }
    }
    symlink("oci-image", programs.join("build")).expect("a link");
    let scripts = engine::checkout().join("host/product");
    run(Command::new("sh")
        .arg(scripts.join("skeleton.sh"))
        .arg(root));
    run(Command::new(programs.join("busybox"))
        .arg("sh")
        .arg(scripts.join("applets.sh"))
        .arg(root));
}

fn real() -> Option<PathBuf> {
    env::var_os("OCI_IMAGE_PRODUCT").map(PathBuf::from)
}

fn on_path(program: &str) -> PathBuf {
    env::split_paths(&engine::path())
        .map(|directory| directory.join(program))
        .find(|path| path.exists())
        .unwrap_or_else(|| panic!("`make setup` installs {program}"))
}

/// The libraries that a program is linked to, and what loads them; none of a static one.
pub(crate) fn libraries(program: &Path) -> Vec<PathBuf> {
    let mut ldd = Command::new("ldd");
    // Cargo names its own for tests.
    ldd.arg(program).env_remove("LD_LIBRARY_PATH");
    let output = ldd.output().expect("ldd runs");
    String::from_utf8_lossy(&output.stdout)
        .split_whitespace()
        .filter(|word| word.starts_with('/') && !word.ends_with(':'))
        .map(PathBuf::from)
        .collect()
}

/// A second name of a file, or a copy on another file system.
fn link(file: &Path, name: &Path) {
    fs::create_dir_all(name.parent().expect("a file has a parent")).expect("a directory");
    let file = file.canonicalize().expect("an installed file");
    // Two programs may share a library.
    if !name.exists() && fs::hard_link(&file, name).is_err() {
        fs::copy(&file, name).expect("a copy");
    }
}

fn run(command: &mut Command) {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}
