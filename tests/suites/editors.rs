//! What editors tell: the JSON Schemas in the engines of VS Code for JSON and of `yaml-language-server`, and `oci-image lsp`, asked by the client
//! of VS Code.
//!
//! The suite is `tests/editors`, run by Node's own test runner. It runs from a copy in `target/editors`, where npm installs what
//! `package-lock.json` pins: once, until that changes. `BLESS=1` writes anew what a person sees (`tests/editors/snapshots`).

use std::fs;
use std::path::Path;
use std::process::Command;

use oci_image_tests::engine::{checkout, program};

#[test]
fn editors_complete_explain_and_mark_requests() {
    let (suite, copy) = (
        checkout().join("tests/editors"),
        checkout().join("target/editors"),
    );
    fs::create_dir_all(&copy).unwrap();
    refresh(&suite, &copy);
    if !is_installed(&copy) {
        let mut npm = Command::new("npm");
        npm.args([
            "ci",
            "--prefer-offline",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
        ]);
        run(npm.current_dir(&copy));
        fs::copy(copy.join("package-lock.json"), copy.join("installed.json")).unwrap();
    }

    let mut node = Command::new("node");
    node.arg("--test").env("OCI_IMAGE", program());
    run(node.current_dir(&copy));
}

/// Makes the copy's own files those of the suite.
fn refresh(suite: &Path, copy: &Path) {
    for stale in own_files(copy) {
        fs::remove_file(copy.join(stale)).expect("the copy can be written");
    }
    for file in own_files(suite) {
        fs::copy(suite.join(&file), copy.join(&file)).expect("the copy can be written");
    }
}

/// The names of the suite's files in a directory: its modules, and what npm is told.
fn own_files(directory: &Path) -> Vec<String> {
    fs::read_dir(directory)
        .expect("the directory is there")
        .filter_map(|entry| entry.expect("an entry").file_name().into_string().ok())
        .filter(|name| name.ends_with(".js") || name.starts_with("package"))
        .collect()
}

/// Whether npm has finished installing what is pinned now.
fn is_installed(copy: &Path) -> bool {
    let installed = fs::read(copy.join("installed.json")).ok();
    installed == fs::read(copy.join("package-lock.json")).ok()
}

/// Runs a command to its end, and fails with what it printed.
fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| {
        let program = command.get_program().display();
        panic!("cannot run `{program}`: {error}; run `make setup`")
    });
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
