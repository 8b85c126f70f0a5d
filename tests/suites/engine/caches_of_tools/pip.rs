//! `pip install`: no package is fetched; the index is asked whether it has changed.

use std::path::{Path, PathBuf};
use std::process::Command;

use oci_image_tests::toolbox::{Toolbox, output};

use super::trial::{Trial, zip};

const DOCKERFILE: &str = "ARG base
FROM $base AS build
ENV HOME=/root PYTHONPATH=PIP PIP_INDEX_URL=SHELF/simple PIP_TRUSTED_HOST=127.0.0.1 PIP_ROOT_USER_ACTION=ignore PYTHONDONTWRITEBYTECODE=1
COPY requirements.txt /
ARG RUN
RUN --mount=type=cache,target=/root/.cache/pip \\
    python3 -m pip install --disable-pip-version-check --no-compile --target /packages -r requirements.txt && \\
    PYTHONPATH=/packages python3 -c 'import greeting; print(greeting.text)' && find /packages -exec touch -h -d @0 {} +
FROM scratch
COPY --from=build /packages /packages
";

/// Python and pip, and where pip is.
fn toolbox() -> (Toolbox, PathBuf) {
    const PLACES: &str = "import os, sys, sysconfig
print(os.path.realpath(sys.executable), sysconfig.get_path('stdlib'), sep='\\n')";
    let said = output(Command::new("python3").args(["-c", PLACES]));
    let [python, library] = [0, 1].map(|line| PathBuf::from(said.lines().nth(line).unwrap()));
    // Debian's Python has no pip but that for environments.
    let environment = tempfile::tempdir().unwrap();
    let _ = output(
        Command::new("python3")
            .args(["-m", "venv"])
            .arg(environment.path()),
    );
    let is_ballast = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let names = [
            "test",
            "tests",
            "site-packages",
            "dist-packages",
            "idlelib",
            "tkinter",
            "ensurepip",
            "lib2to3",
        ];
        names.contains(&&*name)
            || name.starts_with("config-")
            || name.ends_with(".a")
            || path.is_symlink()
    };
    let mut toolbox = Toolbox::new()
        .link("/usr/local/bin/python3", &python.to_string_lossy())
        .program(&python);
    for module in std::fs::read_dir(library.join("lib-dynload")).unwrap() {
        toolbox = toolbox.program(&module.unwrap().path());
    }
    let toolbox = toolbox.tree(&library, &is_ballast);
    let pip = environment
        .path()
        .join("lib")
        .join(library.file_name().unwrap())
        .join("site-packages");
    let toolbox = toolbox.tree(&pip.join("pip"), &|_| false);
    (toolbox, pip)
}

#[test]
fn pip_fetches_no_package_on_an_empty_root() {
    let (toolbox, pip) = toolbox();
    let dockerfile = DOCKERFILE.replace("PIP ", &format!("{} ", pip.display()));
    let trial = Trial::new(toolbox, &["PATH=/usr/local/bin:/bin"], &dockerfile);
    let about = "greeting-1.0.0.dist-info";
    let wheel = zip(&[
        ("greeting.py", "text = 'good morning'\n"),
        (
            &format!("{about}/METADATA"),
            "Metadata-Version: 2.1\nName: greeting\nVersion: 1.0.0\n",
        ),
        (
            &format!("{about}/WHEEL"),
            "Wheel-Version: 1.0\nGenerator: a test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        ),
        (
            &format!("{about}/RECORD"),
            &format!("greeting.py,,\n{about}/METADATA,,\n{about}/WHEEL,,\n{about}/RECORD,,\n"),
        ),
    ]);
    let file = "greeting-1.0.0-py3-none-any.whl";
    trial.shelf.put(&format!("/files/{file}"), wheel);
    trial.shelf.put(
        "/simple/greeting/",
        format!("<!DOCTYPE html><html><body><a href=\"/files/{file}\">{file}</a></body></html>"),
    );
    trial
        .place
        .write("context/requirements.txt", "greeting==1.0.0\n");

    let [first, second] = trial.twice();

    assert!(
        first.given.contains(&format!("/files/{file}")),
        "{:?}",
        first.given
    );
    assert!(first.log.contains("Downloading "), "{}", first.log);
    assert_eq!(first.caches, ["kept /root/.cache/pip"], "{}", first.log);
    assert!(second.log.contains("Using cached "), "{}", second.log);
    assert!(!second.log.contains("Downloading "), "{}", second.log);
    assert!(second.log.contains("good morning"), "{}", second.log);
    assert_eq!(second.caches[0], "restored /root/.cache/pip");
}
