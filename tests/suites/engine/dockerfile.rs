//! The product's image as far as it can be judged in seconds: what its Dockerfile pins, what its context holds, what it
//! stands on. `make self-build` builds all of it.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use oci_image_tests::archive::Archive;
use oci_image_tests::engine::{self, checkout};
use oci_image_tests::product;
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
        assert!(dockerfile.lines().any(|line| {
            line.trim_end_matches(" \\")
                .ends_with(&format!(" {program}"))
        }));
    }
    assert!(!dockerfile.contains("v0."), "a version stands in go.mod");
}

#[test]
fn program_is_linked_as_make_build_links_it() {
    let flags = "--config host/static.toml";

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
        "LICENSE",
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

/// An image for `FROM`, of one stage of a Dockerfile; its archive is left in `base/`.
fn base(place: &Workplace, dockerfile: &str) {
    place.dockerfile(dockerfile);
    let _ = place
        .build(&json!({"context": "context", "output": "image"}))
        .expect(0);
    fs::create_dir(place.path("base")).unwrap();
    fs::rename(place.path("image/image.tar"), place.path("base/image.tar")).unwrap();
}

#[test]
fn product_stands_on_root_with_a_home_certificates_and_a_place_for_temporary_files() {
    let place = Workplace::new();
    place.write("context/ca-certificates.crt", "certificates\n");
    base(
        &place,
        "BUSYBOX\nFROM busybox\nCOPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt\n",
    );

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
    assert_eq!(
        archive.text("etc/passwd"),
        "root:x:0:0:root:/root:/bin/sh\n"
    );
    assert_eq!(archive.text("etc/group"), "root:x:0:\n");
    assert_eq!(archive.entry("root").map(|entry| entry.mode), Some(0o700));
    assert_eq!(archive.entry("tmp").map(|entry| entry.mode), Some(0o1777));
    assert_eq!(archive.layers.len(), 1);
}

#[test]
fn tools_are_links_to_busybox_where_no_program_of_their_name_stands() {
    let place = Workplace::new();
    for (program, text) in [
        ("root/usr/local/bin/cat", "own"),
        ("root/usr/bin/tar", "own"),
    ] {
        place.write(program, text);
    }
    fs::copy(engine::busybox(), place.path("root/usr/bin/busybox")).unwrap();
    let script = checkout().join("host/product/applets.sh");

    let root = place.path("root");
    let arguments = ["sh", script.to_str().unwrap(), root.to_str().unwrap()];
    let _ = place.output(engine::busybox().to_str().unwrap(), &arguments);

    for tool in ["bin/sh", "bin/mkdir", "bin/sed", "bin/grep", "usr/bin/env"] {
        let leads_to = fs::read_link(root.join(tool)).unwrap();
        assert_eq!(leads_to.to_str(), Some("/usr/bin/busybox"), "{tool}");
    }
    assert_eq!(place.read("root/usr/bin/tar"), "own");
    for absent in ["bin/cat", "bin/tar", "bin/busybox", "sbin/init"] {
        assert!(root.join(absent).symlink_metadata().is_err(), "{absent}");
    }
}

/// By the lines of the Dockerfile that say so, as a Dockerfile of their own.
#[test]
fn emulators_are_those_of_the_image_that_is_named_and_of_none_by_default() {
    let dockerfile = text("Dockerfile");
    let lines = |from: &str, to: &str| {
        let (_, after) = dockerfile.split_once(from).unwrap();
        format!("{from}{}\n", after.split(to).next().unwrap())
    };
    let taken = [
        lines("ARG EMULATORS_IMAGE=", "\n"),
        lines("FROM scratch AS no-emulators", "\nFROM ${RUNTIME_IMAGE}"),
        "FROM scratch\nCOPY busybox /\n".to_owned(),
        lines("COPY --from=emulators", "\n"),
    ]
    .concat();
    let place = Workplace::new();
    let programs = "COPY busybox /usr/bin/buildkit-qemu-aarch64\nCOPY busybox /usr/bin/buildctl\n";
    base(&place, &format!("FROM scratch\n{programs}"));
    place.dockerfile(&taken);
    let programs_with = |image_args: &[&str]| {
        let object = json!({"context": "context", "output": "image", "image_args": image_args});
        let _ = place.build(&object).expect(0);
        let archive = Archive::read(&place.path("image/image.tar"));
        let layers = archive.layers.iter();
        let paths = layers.flat_map(|layer| layer.keys().cloned());
        paths
            .filter(|path| path.contains("bin/"))
            .collect::<Vec<_>>()
    };

    assert_eq!(programs_with(&[]), Vec::<String>::new());
    assert_eq!(
        programs_with(&["EMULATORS_IMAGE=base/image.tar"]),
        ["usr/bin/buildkit-qemu-aarch64"]
    );
}

#[test]
fn licences_of_every_crate_of_the_program_and_of_its_planner_are_collected() {
    let rustc = Command::new("rustc")
        .args(["--print", "host-tuple"])
        .output()
        .unwrap();
    let tuple = String::from_utf8(rustc.stdout).unwrap();
    let output = Command::new("host/product/notices.sh")
        .args([
            "cargo",
            "oci-image",
            tuple.trim(),
            "oci-image-guest",
            "wasm32-wasip2",
        ])
        .current_dir(checkout())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let document = String::from_utf8(output.stdout).unwrap();

    // A crate of the program, one of the planner alone, one of both, and what is linked to all.
    for part in ["wasmtime v", "saphyr-parser v", "serde_json v", "Rust 1."] {
        assert!(document.contains(&format!("\n== {part}")), "no {part}");
    }
    assert!(!document.contains("== oci-image"));
    let text = "Permission is hereby granted, free of charge";
    assert!(document.matches(text).count() > 10);
}

#[test]
fn environment_of_the_image_is_the_one_that_the_tests_give() {
    assert!(text("Dockerfile").contains(&format!("\nENV {}\n", product::PATH)));
}
