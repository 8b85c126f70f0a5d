//! `apt-get install` with `sharing=locked`: no package is fetched; the index is asked whether it has changed.

use std::fs;
use std::path::Path;
use std::process::Command;

use oci_image_tests::archive::sha256;
use oci_image_tests::toolbox::{Toolbox, installed, output};

use super::trial::Trial;

const DOCKERFILE: &str = "ARG base
FROM $base AS build
RUN echo 'deb [trusted=yes] SHELF debian/' > /etc/apt/sources.list
ARG RUN
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt,sharing=locked \\
    apt-get update && apt-get install --yes greeting && cat /usr/share/greeting
FROM scratch
COPY --from=build /usr/share/greeting /greeting
";

/// apt and dpkg, which have installed nothing yet.
fn toolbox() -> Toolbox {
    let mut toolbox = Toolbox::new()
        .text(
            "/etc/apt/apt.conf",
            "APT::Sandbox::User \"root\";\nBinary::apt::APT::Keep-Downloaded-Packages \"true\";\n",
        )
        .text("/var/lib/dpkg/status", "")
        .text("/var/lib/dpkg/available", "");
    for directory in [
        "/var/lib/dpkg/info",
        "/var/lib/dpkg/updates",
        "/var/lib/dpkg/triggers",
        "/var/lib/dpkg/alternatives",
        "/var/log/apt",
        "/etc/apt/apt.conf.d",
        "/etc/apt/preferences.d",
    ] {
        toolbox = toolbox.directory(directory, 0o755);
    }
    for program in [
        "apt-get",
        "dpkg",
        "dpkg-deb",
        "dpkg-split",
        "dpkg-query",
        "tar",
    ] {
        let path = installed(program);
        let name = format!("/usr/local/bin/{program}");
        toolbox = toolbox.link(&name, &path.to_string_lossy()).program(&path);
    }
    // No program here has libraries that are not found without it.
    toolbox = toolbox.script("/usr/sbin/ldconfig", "#!/bin/sh\n");
    toolbox = toolbox.tree(Path::new("/usr/share/dpkg"), &|_| false);
    for method in ["http", "store", "file", "copy"] {
        toolbox = toolbox.program(&Path::new("/usr/lib/apt/methods").join(method));
    }
    toolbox
}

/// A package with a file.
fn package() -> Vec<u8> {
    let place = tempfile::tempdir().unwrap();
    let inside = |path: &str, text: &str| {
        let path = place.path().join("package").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    inside(
        "DEBIAN/control",
        "Package: greeting\nVersion: 1.0.0\nArchitecture: all\nMaintainer: Nobody <nobody@example.test>\nDescription: says good morning\n",
    );
    inside("usr/share/greeting", "good morning\n");
    let _ = output(
        Command::new("dpkg-deb")
            .args(["--build", "package", "greeting.deb"])
            .current_dir(place.path()),
    );
    fs::read(place.path().join("greeting.deb")).unwrap()
}

#[test]
fn apt_fetches_no_package_on_an_empty_root() {
    let trial = Trial::new(
        toolbox(),
        &["PATH=/usr/local/bin:/bin", "DEBIAN_FRONTEND=noninteractive"],
        DOCKERFILE,
    );
    let deb = package();
    let index = format!(
        "Package: greeting\nVersion: 1.0.0\nArchitecture: all\nMaintainer: Nobody <nobody@example.test>\nDescription: says good morning\n\
         Filename: debian/greeting.deb\nSize: {}\nSHA256: {}\n",
        deb.len(),
        &sha256(&deb)[7..],
    );
    let release = format!(
        "Suite: stable\nDate: Thu, 01 Jan 2026 00:00:00 UTC\nSHA256:\n {} {} Packages\n",
        &sha256(index.as_bytes())[7..],
        index.len(),
    );
    trial.shelf.put("/debian/greeting.deb", deb);
    trial.shelf.put("/debian/Packages", index);
    trial.shelf.put("/debian/Release", release);

    let [first, second] = trial.twice();

    assert!(
        first
            .given
            .iter()
            .any(|path| path == "/debian/greeting.deb"),
        "{:?}",
        first.given
    );
    assert!(first.log.contains("Get:"), "{}", first.log);
    assert_eq!(first.caches, ["kept /var/cache/apt", "kept /var/lib/apt"]);
    assert!(!second.log.contains("Get:"), "{}", second.log);
    assert!(second.log.contains("good morning"), "{}", second.log);
    let restored = ["restored /var/cache/apt", "restored /var/lib/apt"];
    assert_eq!(second.caches[..2], restored, "{:?}", second.caches);
}
