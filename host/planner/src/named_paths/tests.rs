//! Which paths an object names, and which it does not.

use super::*;
use crate::mask;

const OBJECT: &str = r#"{
    "context": "./app/",
    "output": "image",
    "dockerfile": "ci//Dockerfile",
    "context_inputs": {"dep": "vendor/dep"},
    "additional_targets": ["test", "../escape"],
    "build_args_file": "args.yml",
    "labels_file": "secret.txt",
    "buildkit_secrets": {"file": "secret.txt", "text": {"text": "hidden"}},
    "buildkit_ssh": "default=keys/one,/keys/two",
    "image_args": ["BASE=base/image.tar", "no path", 7],
    "registries": {"a.example": {"ca": ["ca.pem"], "keypair": [{"key": "key.pem", "cert": "cert.pem"}]}},
    "unknown": "unknown"
}"#;

fn named(object: &str) -> NamedPaths {
    NamedPaths::of(&mask(object))
}

#[test]
fn object_names_what_its_keys_name_and_what_the_contract_fixes() {
    let named = named(OBJECT);

    for path in [
        "app",
        "./app",
        "app/",
        "ci/Dockerfile",
        "app/ci/Dockerfile",
        "app/vendor/dep",
        "test",
        "image",
        "cache",
        "cache/index.json",
        "args.yml",
        "secret.txt",
        "keys/one",
        "/keys/two",
        "base/image.tar",
        "ca.pem",
        "key.pem",
        "cert.pem",
    ] {
        assert!(named.holds_place(path), "{path}");
    }
    for path in [
        "",
        ".",
        "..",
        "../escape",
        "hidden",
        "unknown",
        "app/Dockerfile",
        "app/../app",
        "/app",
        "no path",
        "text",
    ] {
        assert!(!named.holds_place(path), "{path}");
    }
}

#[test]
fn what_is_not_named_is_content_of_a_directory_that_is() {
    let named = named(
        r#"{"context": "./app/", "output": "image", "context_inputs": {"dep": "vendor//dep"},
            "image_args": ["BASE=base", "OTHER=base/image.tar", "LAST=other.tar"]}"#,
    );

    for (path, directory, within) in [
        ("app/Dockerfile", "app", "Dockerfile"),
        ("app/dockerfile", "app", "dockerfile"),
        ("app/vendor/dep", "app", "vendor/dep"),
        ("cache/index.json", "cache", "index.json"),
        ("base/oci-layout", "base", "oci-layout"),
        ("./base//rootfs", "base", "rootfs"),
        ("image.tar", ".", "image.tar"),
    ] {
        let content = Content {
            directory: directory.into(),
            path: within.into(),
        };
        assert_eq!(named.content(path), Some(&content), "{path}");
    }
    // Named as well, and that counts.
    for path in ["app", "image", "base", "base/image.tar", "app/other"] {
        assert_eq!(named.content(path), None, "{path}");
    }
}

#[test]
fn only_files_of_arguments_labels_and_targets_have_a_text_and_never_a_secret() {
    let named = named(OBJECT);

    assert!(named.holds_text("args.yml"));
    for path in ["secret.txt", "ci/Dockerfile", "ca.pem", "key.pem", "app"] {
        assert!(!named.holds_text(path), "{path}");
    }
}

#[test]
fn optional_key_given_empty_counts_as_left_out() {
    let named = named(r#"{"context": "app", "dockerfile": "", "labels_file": ""}"#);

    assert!(named.holds_place("app/Dockerfile"));
    assert!(!named.holds_text("."));
}

#[test]
fn text_that_is_no_object_names_what_the_contract_fixes() {
    for text in ["", "{", "[]", "7", &"[".repeat(10_000)] {
        let named = named(text);

        assert!(named.holds_place("image"), "{text}");
        assert!(!named.holds_place("app"), "{text}");
    }
}

#[test]
fn wrong_key_takes_none_of_the_others_away() {
    let named =
        named(r#"{"context": 1, "target_file": "target", "labels_file": [], "cache": "yes"}"#);

    assert!(named.holds_text("target"));
}

#[test]
fn wrong_key_of_a_registry_takes_none_of_its_certificates_away() {
    let named = named(
        r#"{"registries": {"a.example": {
            "mirror": [], "ca": ["ca.pem", 7], "keypair": [{"key": "key.pem", "ca": 1}, "pair", {"cert": "cert.pem"}]
        }}}"#,
    );

    for path in ["ca.pem", "key.pem", "cert.pem"] {
        assert!(named.holds_place(path), "{path}");
    }
    assert!(!named.holds_place("pair"));
}
