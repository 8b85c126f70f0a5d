//! What `make dist` makes, as others have it: installed by `pip` and `npm` where nothing is beside it, and pulled from a registry.

use std::fs;
use std::path::Path;
use std::process::Command;

use oci_image::image::Image;
use oci_image::image::registry::Registry;
use oci_image_packages::artifact;
use oci_image_packages::dist::Dist;
use oci_image_packages::package::Package;
use oci_image_packages::place::component;
use oci_image_schema::PLANNER_VERSION;
use oci_image_tests::engine::checkout;
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::hosts::{Objects, compare, fixtures};

/// The same programs as in the tree, but nothing is beside them than what was installed.
#[test]
fn packages_that_pip_and_npm_install_answer_each_fixture_as_rust_does() {
    let made = tempfile::tempdir().expect("a temporary directory");
    let dist = Dist::make(made.path());
    let objects = Objects::write();

    let venv = installed("python3", &["-m", "venv", "."]);
    let wheel = text(&dist.wheel);
    said(&venv, "bin/pip", &["install", "--quiet", wheel]);
    copied("python/answers.py", &venv, "answers.py");
    let python = said_of_fixtures(&venv, "bin/python", "answers.py", &objects);
    let npm = installed("npm", &["install", "--silent", text(&dist.tarball)]);
    copied("node/answers.js", &npm, "answers.mjs");
    let node = said_of_fixtures(&npm, "node", "answers.mjs", &objects);

    compare(&objects, &python);
    compare(&objects, &node);
    let listed = "import importlib.metadata as m; d = m.distribution('oci-image-planner'); print(d.metadata['Description'], *d.files)";
    let listed = said(&venv, "bin/python", &["-c", listed]);
    for part in [
        "# The planner of `oci-image` in Python",
        "licenses/LICENSE",
        "py.typed",
    ] {
        assert!(listed.contains(part), "{part}: {listed}");
    }
    for file in ["LICENSE", "README.md", "src/index.d.ts"] {
        let file = npm.path().join("node_modules/oci-image-planner").join(file);
        assert!(file.is_file(), "{}", file.display());
    }
    // No compiler of components comes along.
    assert_eq!(
        fs::read_dir(npm.path().join("node_modules"))
            .expect("a directory")
            .count(),
        2
    );
}

#[test]
fn extension_has_its_client_inside() {
    let made = tempfile::tempdir().expect("a temporary directory");
    let extension = Package::vscode().extension(made.path());

    let listed = said(&made, "python3", &["-m", "zipfile", "-l", text(&extension)]);
    let files: Vec<&str> = (listed.lines().skip(1))
        .filter_map(|line| line.split_whitespace().next())
        .filter_map(|name| name.strip_prefix("extension/"))
        .collect();

    assert_eq!(
        files,
        ["extension.js", "LICENSE.txt", "package.json", "readme.md"],
        "{listed}"
    );
}

#[test]
fn component_comes_back_from_a_registry_as_it_was() {
    let made = tempfile::tempdir().expect("a temporary directory");
    let layout = made.path().join("layout");
    let name = ("oci-image-planner", PLANNER_VERSION);
    artifact::write(&component(), name, &layout);

    let image = Image::open(&layout).expect("a layout");
    let runtime = Runtime::new().expect("a runtime");
    let served = runtime.block_on(Registry::serve(vec![("planner".to_owned(), image)]));
    let served = served.expect("a registry");
    let reference = served.reference("planner").expect("it is served");
    let from = format!("docker://{reference}:{PLANNER_VERSION}");
    said(
        &made,
        "skopeo",
        &[
            "copy",
            "--quiet",
            "--insecure-policy",
            "--src-tls-verify=false",
            &from,
            "oci:pulled:it",
        ],
    );

    let pulled = made.path().join("pulled");
    let manifest = blob(
        &pulled,
        &read_json(&pulled.join("index.json"))["manifests"][0],
    );
    let manifest: Value = serde_json::from_slice(&manifest).expect("JSON");
    assert_eq!(
        manifest["config"]["mediaType"],
        "application/vnd.wasm.config.v0+json"
    );
    assert_eq!(manifest["layers"][0]["mediaType"], "application/wasm");
    let config: Value = serde_json::from_slice(&blob(&pulled, &manifest["config"])).expect("JSON");
    assert_eq!(config["layerDigests"][0], manifest["layers"][0]["digest"]);
    let named = |list: &str| config["component"][list].to_string();
    assert!(
        named("exports").contains(&format!("oci-image:planner/planner@{PLANNER_VERSION}")),
        "{config}"
    );
    assert!(
        named("imports").contains(&format!("oci-image:planner/workspace@{PLANNER_VERSION}")),
        "{config}"
    );
    let component = fs::read(component()).expect("the component");
    assert!(
        blob(&pulled, &manifest["layers"][0]) == component,
        "equal bytes"
    );
}

/// An empty directory in which something was installed.
fn installed(program: &str, arguments: &[&str]) -> TempDir {
    let directory = tempfile::tempdir().expect("a temporary directory");
    said(&directory, program, arguments);
    directory
}

fn copied(host: &str, directory: &TempDir, name: &str) {
    let from = checkout().join("tests/hosts").join(host);
    fs::copy(from, directory.path().join(name)).expect("a copy");
}

fn said_of_fixtures(directory: &TempDir, program: &str, script: &str, objects: &Objects) -> String {
    let workspace = fixtures("workspace");
    said(
        directory,
        program,
        &[script, text(objects.directory()), text(&workspace)],
    )
}

/// What a program, of the directory or of the machine, prints in a directory.
fn said(directory: &TempDir, program: &str, arguments: &[&str]) -> String {
    let here = directory.path().join(program);
    let mut command = match here.is_file() {
        true => Command::new(here),
        false => Command::new(program),
    };
    let output = command
        .args(arguments)
        .current_dir(directory.path())
        .output();
    let output =
        output.unwrap_or_else(|error| panic!("{program}: {error}; `make setup` installs it"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {errors}");
    String::from_utf8(output.stdout).expect("what is printed is text")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of ours is text")
}

fn read_json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).expect("a file")).expect("JSON")
}

/// The blob of a layout that a descriptor names.
fn blob(layout: &Path, descriptor: &Value) -> Vec<u8> {
    let digest = descriptor["digest"].as_str().expect("a digest");
    fs::read(layout.join("blobs").join(digest.replace(':', "/"))).expect("a blob")
}
