//! The product's image as far as it can be judged in seconds: what its Dockerfile pins, what its context holds, what it
//! stands on. `make self-build` builds all of it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on shows where")]

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use oci_image_tests::archive::Archive;
use oci_image_tests::engine::checkout;
use oci_image_tests::workplace::Workplace;
use serde_json::json;

/// How large the context may be, in bytes: sources, and nothing that a build leaves.
const CONTEXT_LIMIT: u64 = 8 << 20;

fn text(path: &str) -> String {
    fs::read_to_string(checkout().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What follows `key` on the first line that begins with it.
fn value<'a>(text: &'a str, key: &str) -> &'a str {
    text.lines()
        .find_map(|line| line.strip_prefix(key))
        .unwrap_or_else(|| panic!("no line begins with `{key}`"))
}

#[test]
fn compilers_are_of_the_versions_that_are_pinned_elsewhere() {
    let dockerfile = text("Dockerfile");
    let toolchain = text("rust-toolchain.toml");
    let channel = value(&toolchain, "channel = ").trim_matches('"');

    let rust = value(&dockerfile, "ARG RUST_IMAGE=");
    assert!(rust.starts_with(&format!("rust:{channel}-")), "{rust}");

    let engine = text("host/engine/go.mod");
    let (release, _) = value(&engine, "go ").rsplit_once('.').unwrap();
    let go = value(&dockerfile, "ARG GO_IMAGE=");
    assert!(go.starts_with(&format!("golang:{release}-")), "{go}");
    assert_eq!(
        value(&text("host/engine/runc/go.mod"), "go "),
        value(&engine, "go ")
    );
}

#[test]
fn programs_are_tools_of_the_modules_that_pin_their_versions() {
    let dockerfile = text("Dockerfile");

    for (module, program) in [
        ("host/engine", "github.com/moby/buildkit/cmd/buildkitd"),
        ("host/engine/runc", "github.com/opencontainers/runc"),
    ] {
        let pins = text(&format!("{module}/go.mod"));
        assert!(
            pins.lines().any(|line| {
                line.trim() == program || line.strip_prefix("tool ") == Some(program)
            })
        );
        assert!(dockerfile.contains(&format!("COPY {module}/go.mod {module}/go.sum ./\n")));
        assert!(
            dockerfile
                .lines()
                .any(|line| line.ends_with(&format!(" {program}")))
        );
    }
    assert!(!dockerfile.contains("v0."), "a version stands in go.mod");
}

#[test]
fn program_is_linked_as_make_build_links_it() {
    let flags = "--config host/build/static.toml";

    assert!(text("Dockerfile").contains(flags));
    assert!(text("Makefile").contains(flags));
}

#[test]
fn context_holds_every_member_of_the_workspace_and_nothing_that_a_build_leaves() {
    let place = Workplace::new();
    place.dockerfile("FROM scratch\nCOPY . /\n");

    let _ = place
        .build(&json!({
            "context": checkout(),
            "dockerfile": "context/Dockerfile",
            "output": "image",
            "unpack_rootfs": true,
        }))
        .expect(0);

    let archive = Archive::read(&place.path("image/image.tar"));
    let [layer] = &archive.layers[..] else {
        panic!("one step, one layer");
    };
    let top: BTreeSet<&str> = layer
        .keys()
        .map(|path| path.split('/').next().unwrap())
        .collect();
    let expected = [
        "Cargo.lock",
        "Cargo.toml",
        "guest",
        "host",
        "rust-toolchain.toml",
        "schema",
        "tests",
    ];
    assert_eq!(
        top.into_iter()
            .filter(|name| *name != ".cargo")
            .collect::<Vec<_>>(),
        expected
    );
    let size: usize = layer.values().map(|entry| entry.contents.len()).sum();
    assert!((size as u64) < CONTEXT_LIMIT, "{size} bytes");
    // Cargo reads the manifest of every member, and demands the root of every crate that a manifest names.
    let cargo = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version=1"])
        .current_dir(place.path("image/rootfs"))
        .output()
        .unwrap();
    assert!(
        cargo.status.success(),
        "{}",
        String::from_utf8_lossy(&cargo.stderr)
    );
}

#[test]
fn product_stands_on_root_certificates_and_a_place_for_temporary_files() {
    let place = Workplace::new();
    place.write("context/ca-certificates.crt", "certificates\n");
    place.dockerfile(
        "BUSYBOX\nFROM busybox\nCOPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt\n",
    );
    let _ = place
        .build(&json!({"context": "context", "output": "image"}))
        .expect(0);
    fs::create_dir(place.path("base")).unwrap();
    fs::rename(place.path("image/image.tar"), place.path("base/image.tar")).unwrap();

    // Without a warning: the Dockerfile asks BuildKit to take one for an error.
    let _ = place
        .build(&json!({
            "context": checkout(),
            "output": "image",
            "target": "skeleton",
            "image_args": ["RUST_IMAGE=base/image.tar"],
        }))
        .expect(0);

    let archive = Archive::read(&place.path("image/image.tar"));
    assert_eq!(
        archive.text("etc/ssl/certs/ca-certificates.crt"),
        "certificates\n"
    );
    assert!(archive.text("etc/passwd").starts_with("root:x:0:0:"));
    assert_eq!(archive.text("etc/group"), "root:x:0:\n");
    assert_eq!(archive.entry("tmp").map(|entry| entry.mode), Some(0o1777));
    assert_eq!(archive.layers.len(), 1);
}
