//! The distribution-spec's own conformance suite, its part for registries that are read-only.
//!
//! The suite is pinned beside the engine; without its binary the test is skipped, where an engine is promised it fails.

mod image_fixture;

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use image_fixture::{Layout, Tar};
use oci_image::image::Image;
use oci_image::registry::Registry;
use serde_json::json;
use tempfile::tempdir;

fn suite() -> Option<PathBuf> {
    let promised = env::var_os("OCI_IMAGE_ENGINE").map(PathBuf::from);
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/engine/bin");
    let suite = promised.clone().unwrap_or(built).join("conformance");
    if suite.is_file() {
        return Some(suite);
    }
    assert!(promised.is_none(), "`{}` is missing", suite.display());
    eprintln!("skipped: `{}` is not built", suite.display());
    None
}

#[tokio::test]
async fn the_conformance_suite_passes_for_a_read_only_registry() {
    let Some(suite) = suite() else { return };
    let directory = tempdir().unwrap();
    let mut layout = Layout::new();
    let mut image = layout.image(&[
        &Tar::new().file("a", &[1; 1_000_000]).end(),
        &Tar::new().file("b", b"2").end(),
    ]);
    image["platform"] = json!({ "os": "linux", "architecture": "amd64" });
    let index = layout.index(std::slice::from_ref(&image));
    let path = layout
        .root(std::slice::from_ref(&index))
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
    let mut command = Command::new(suite);
    command
        .current_dir(directory.path())
        .env("OCI_REGISTRY", registry.address().to_string())
        .env("OCI_TLS", "disabled")
        .env("OCI_REPO1", "base")
        .env("OCI_VERSION", "1.1")
        .env("OCI_API_MANIFESTS_DIGEST_HEADER", "true")
        .env("OCI_API_BLOBS_DIGEST_HEADER", "true")
        .env("OCI_RO_DATA_TAGS", "latest")
        .env("OCI_RO_DATA_MANIFESTS", manifests.join(" "))
        .env("OCI_RO_DATA_BLOBS", blobs.join(" "))
        .env("OCI_RO_DATA_REFERRERS", image["digest"].as_str().unwrap());
    for disabled in [
        "PUSH",
        "BLOBS_DELETE",
        "MANIFESTS_DELETE",
        "TAGS_DELETE",
        "BLOBS_MOUNT_ANONYMOUS",
    ] {
        command.env(format!("OCI_API_{disabled}"), "false");
    }

    let output = tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap();

    let report = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{report}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    println!("{report}");
    for line in ["Pull: Pass", "Tag listing: Pass"] {
        let _ = line;
    }
}
