//! A package of `tests/hosts`: the planner in another language, installed below `target/hosts`.
//!
//! What runs is a copy of the committed files beside what their lock file names, so that nothing is ever written into the
//! checkout. An installation stays until what it was made of changes; several test programs at once make it once.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use oci_image_schema::code::Code;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::place::{checkout, component, forms, target};

/// What an installation leaves in the directory of a package, and a copy of the files must leave alone.
const INSTALLED: [&str; 4] = ["venv", "node_modules", "component", "stamps"];

/// An installed package.
#[derive(Debug)]
pub struct Package {
    /// Where it stands.
    pub directory: PathBuf,
    /// Nobody else installs while these live: in this package, and in those that it is made of.
    locks: Vec<File>,
}

impl Package {
    /// The planner in Python: an environment of its own, with what `requirements.txt` locks.
    ///
    /// # Panics
    /// If it cannot be installed; with what the installer said.
    #[must_use]
    pub fn python() -> Self {
        let package = Self::copied("python");
        for component in [component(), forms()] {
            let name = component.file_name().expect("a file has a name");
            let within = package.file("oci_image_planner").join(name);
            fs::copy(&component, within).expect("the component was built");
        }
        package.install_venv();
        package
    }

    /// What knows the manifests of Kubernetes, by its own schemas.
    ///
    /// # Panics
    /// If it cannot be installed; with what the installer said.
    #[must_use]
    pub fn kubernetes() -> Self {
        let package = Self::copied("kubernetes");
        package.install_venv();
        package
    }

    /// Stores of objects, as clouds have them.
    ///
    /// # Panics
    /// If they cannot be installed; with what the installers said.
    #[must_use]
    pub fn stores() -> Self {
        let package = Self::copied("stores");
        package.install_venv();
        package.install_node_modules();
        package
    }

    /// The planner in Node, its component made of the one that the build left.
    ///
    /// # Panics
    /// If it cannot be installed or made; with what was said.
    #[must_use]
    pub fn node() -> Self {
        let package = Self::copied("node");
        package.install_node_modules();
        let made_of = [
            component(),
            forms(),
            package.file("build.js"),
            package.file("package-lock.json"),
        ];
        package.once("component", &made_of, || {
            let components = [component(), forms()];
            let build = ["build.js", text(&components[0]), text(&components[1])];
            package.run("node", &build);
        });
        package
    }

    /// The playground, which is made of the planner in Node; and the browser that looks at it, and at the pages of `--report`.
    ///
    /// # Panics
    /// If it cannot be installed; with what was said.
    #[must_use]
    pub fn browser() -> Self {
        let node = Self::node();
        let mut package = Self::copied("browser");
        package.locks.extend(node.locks);
        package.install_node_modules();
        package
    }

    /// The wheel of the planner in Python, made in a directory.
    ///
    /// # Panics
    /// If it cannot be made; with what was said.
    #[must_use]
    pub fn wheel(&self, directory: &Path) -> PathBuf {
        let pip = [
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--disable-pip-version-check",
        ];
        let here = ["--no-deps", "--no-build-isolation", "--wheel-dir"];
        let pip = [&pip[..], &here[..], &[text(directory), "."]].concat();
        self.run("venv/bin/python", &pip);
        only(directory, "whl")
    }

    /// The tarball of the planner in Node, made in a directory.
    ///
    /// # Panics
    /// If it cannot be made; with what was said.
    #[must_use]
    pub fn tarball(&self, directory: &Path) -> PathBuf {
        let quiet = ["pack", "--loglevel=error", "--pack-destination"];
        self.run("npm", &[&quiet[..], &[text(directory)]].concat());
        only(directory, "tgz")
    }

    /// The extension of Visual Studio Code, and what packs it.
    ///
    /// # Panics
    /// If it cannot be installed; with what was said.
    #[must_use]
    pub fn vscode() -> Self {
        let package = Self::copied("vscode");
        package.install_node_modules();
        package
    }

    /// Its package, made in a directory.
    ///
    /// # Panics
    /// If it cannot be made; with what was said.
    #[must_use]
    pub fn extension(&self, directory: &Path) -> PathBuf {
        self.run("node", &[Path::new("build.mjs"), directory]);
        only(directory, "vsix")
    }

    /// Builds the playground's folder, and gives where it is.
    ///
    /// # Panics
    /// If it cannot be built; with what was said.
    #[must_use]
    pub fn playground(&self) -> PathBuf {
        let folder = target().join("playground");
        let schema = checkout().join("schema/oci-image.schema.json");
        let rules = self.file("rules.json");
        fs::write(&rules, rules_by_code()).expect("target/ can be written");
        self.run("node", &[Path::new("build.js"), &folder, &schema, &rules]);
        folder
    }

    /// Runs a program in the package's directory and gives what it printed. A relative program is one of the package.
    ///
    /// # Panics
    /// If it fails; with all that it said.
    #[must_use]
    pub fn output(&self, program: &str, arguments: &[impl AsRef<OsStr>]) -> String {
        let installed = self.directory.join(program);
        let mut command = if installed.is_file() {
            Command::new(installed)
        } else {
            Command::new(program)
        };
        let output = command
            .args(arguments)
            .current_dir(&self.directory)
            .env("OCI_IMAGE_PLANNER", component())
            .env("PLAYGROUND", target().join("playground"))
            .env("PLAYGROUND_SCREENSHOTS", target().join("hosts/screenshots"))
            .env("NO_COLOR", "1")
            // What is packed is the same whenever it is packed.
            .env("SOURCE_DATE_EPOCH", "315532800")
            .output()
            .unwrap_or_else(|error| panic!("{program}: {error}; `make setup` installs it"));
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success(),
            "{program} in {}: {}\n{printed}\n{}",
            self.directory.display(),
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        printed
    }

    /// Runs a program in the package's directory.
    ///
    /// # Panics
    /// If it fails; with all that it said.
    pub fn run(&self, program: &str, arguments: &[impl AsRef<OsStr>]) {
        let _ = self.output(program, arguments);
    }

    /// The package with its files as committed, nothing installed.
    fn copied(name: &str) -> Self {
        let hosts = target().join("hosts");
        let directory = hosts.join(name);
        fs::create_dir_all(directory.join("stamps")).expect("target/ can be written");
        let lock = File::create(hosts.join(format!("{name}.lock"))).expect("a lock file");
        lock.lock().expect("a lock");
        for entry in fs::read_dir(&directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            if !INSTALLED.iter().any(|installed| path.ends_with(installed)) {
                remove(&path);
            }
        }
        copy(&checkout().join("tests/hosts").join(name), &directory);
        fs::copy(checkout().join("LICENSE"), directory.join("LICENSE")).expect("a copy");
        Self {
            directory,
            locks: vec![lock],
        }
    }

    fn install_venv(&self) {
        self.once("venv", &[self.file("requirements.txt")], || {
            let _ = fs::remove_dir_all(self.directory.join("venv"));
            self.run("python3", &["-m", "venv", "venv"]);
            let pip = [
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--require-hashes",
                "--requirement",
                "requirements.txt",
            ];
            self.run("venv/bin/python", &pip);
        });
    }

    fn install_node_modules(&self) {
        let locked = [self.file("package.json"), self.file("package-lock.json")];
        self.once("node_modules", &locked, || {
            // A link to the planner in Node, not a copy, which would stay what it was: npm 9 makes one by default.
            let linked = ["ci", "--install-links=false"];
            let quiet = [
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
                "--loglevel=error",
            ];
            self.run("npm", &[&linked[..], &quiet[..]].concat());
        });
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Does something, unless it was done when these files were as they are.
    fn once(&self, what: &str, made_of: &[PathBuf], act: impl FnOnce()) {
        let stamp = self.directory.join("stamps").join(what);
        let read = |file: &PathBuf| {
            fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
        };
        let digest = Sha256::digest(made_of.iter().flat_map(read).collect::<Vec<u8>>());
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        if fs::read_to_string(&stamp).is_ok_and(|old| old == digest) {
            return;
        }
        let _ = fs::remove_file(&stamp);
        act();
        fs::write(&stamp, digest).expect("target/ can be written");
    }
}

/// The rules as `oci-image explain` tells them, in JSON.
fn rules_by_code() -> String {
    let rule = |code: &Code| {
        let (rule, wrong, right) = (code.rule(), code.wrong(), code.right());
        (
            code.name(),
            json!({"rule": rule, "wrong": wrong, "right": right}),
        )
    };
    let rules: BTreeMap<&str, Value> = Code::ALL.iter().map(rule).collect();
    json!(rules).to_string()
}

/// The one file in a directory that ends so.
fn only(directory: &Path, extension: &str) -> PathBuf {
    let entries = fs::read_dir(directory).expect("a directory");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut found = paths.filter(|path| path.extension().is_some_and(|one| one == extension));
    let path = found.next().expect("it was made");
    assert!(found.next().is_none(), "one .{extension} is made");
    path
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of ours is text")
}

fn remove(path: &Path) {
    let removed = if path.is_dir() && !path.is_symlink() {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    };
    removed.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("target/ can be written");
    for entry in fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
        let path = entry.expect("an entry").path();
        let copied = to.join(path.file_name().expect("an entry has a name"));
        if path.is_dir() {
            copy(&path, &copied);
        } else {
            fs::copy(&path, &copied).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
    }
}
