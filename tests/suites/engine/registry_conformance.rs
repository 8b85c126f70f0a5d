//! The distribution-spec's own conformance suite, its part for registries that are read-only.
//!
//! The suite is pinned beside the engine.

use std::process::Command;

use super::image_fixture::{Layout, Tar};
use oci_image::image::Image;
use oci_image::image::registry::Registry;
use oci_image_tests::engine;
use serde_json::json;
use tempfile::tempdir;

/// The branches of the suite that a registry without writing can pass, one run each: with writing disabled, a run of all
/// of them crashes in the suite after its report (it looks for the data of the blobs it did not push). One is left out on
/// purpose, `missing-manifest/by-tag`: ours has every tag.
const BRANCHES: [&str; 5] = [
    "ping",
    "empty",
    "read-only",
    "missing-manifest/by-digest",
    "invalid-digest-format/manifest-get",
];

/// What the branch of given data must have tried, and found right.
const TRIED: [&str; 8] = [
    "Tag listing",
    "Blob get",
    "Blob head",
    "Manifest get by digest",
    "Manifest get by tag",
    "Manifest head by digest",
    "Manifest head by tag",
    "Referrers",
];

/// The verdict of a line of the report: `NAME......: VERDICT`.
fn verdict<'report>(report: &'report str, name: &str) -> Option<&'report str> {
    let mut lines = report
        .lines()
        .filter_map(|line| line.trim().split_once(':'));
    lines
        .find(|(known, _)| known.trim_end_matches('.') == name)
        .map(|(_, verdict)| verdict.trim())
}

#[tokio::test]
async fn the_conformance_suite_passes_for_a_read_only_registry() {
    let suite = engine::directory().join("conformance");
    let directory = tempdir().unwrap();
    let mut layout = Layout::new();
    let layers = [
        Tar::new().file("a", &[1; 1_000_000]).end(),
        Tar::new().file("b", b"2").end(),
    ];
    let mut image = layout.image(&[&layers[0], &layers[1]]);
    image["platform"] = json!({ "os": "linux", "architecture": "amd64" });
    let index = layout.index(std::slice::from_ref(&image));
    let path = layout
        .root(&[index])
        .to_directory(&directory.path().join("layout"));
    let opened = Image::open(&path).unwrap();
    let manifests: Vec<_> = opened
        .manifests()
        .map(|(digest, _)| digest.to_string())
        .collect();
    let blobs: Vec<_> = opened
        .blobs()
        .map(|(digest, _)| digest.to_string())
        .collect();
    let registry = Registry::serve(vec![("base".into(), opened)])
        .await
        .unwrap();
    for branch in BRANCHES {
        let mut command = Command::new(&suite);
        command
            .current_dir(directory.path())
            .env("OCI_REGISTRY", registry.address().to_string())
            .env("OCI_TLS", "disabled")
            .env("OCI_REPO1", "base")
            .env("OCI_VERSION", "1.1")
            .env("OCI_FILTER_TEST", format!("OCI Conformance Test/{branch}"))
            .env("OCI_RO_DATA_TAGS", "latest")
            .env("OCI_RO_DATA_MANIFESTS", manifests.join(" "))
            .env("OCI_RO_DATA_BLOBS", blobs.join(" "))
            .env("OCI_RO_DATA_REFERRERS", image["digest"].as_str().unwrap());
        for disabled in ["PUSH", "BLOBS_DELETE", "MANIFESTS_DELETE", "TAGS_DELETE"] {
            command.env(format!("OCI_API_{disabled}"), "false");
        }

        let output = tokio::task::spawn_blocking(move || command.output().unwrap())
            .await
            .unwrap();

        let report = String::from_utf8_lossy(&output.stdout);
        assert_eq!(
            verdict(&report, "OCI Conformance Result"),
            Some("Pass"),
            "{branch}: {report}"
        );
        for count in ["Skip", "FAIL", "Error"] {
            assert_eq!(verdict(&report, count), Some("0"), "{branch}: {report}");
        }
        if branch == "read-only" {
            for tried in TRIED {
                assert_eq!(verdict(&report, tried), Some("Pass"), "{tried}: {report}");
            }
        }
    }
}
