//! Solves by the real daemon: what comes out, and what a failure says.

mod engine;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;

use engine::{Context, Daemon, docker, sha256, solve, tar};

/// The regular files of an archive, by name.
fn files(path: &std::path::Path) -> BTreeMap<String, Vec<u8>> {
    let mut archive = tar::Archive::new(File::open(path).unwrap());
    let mut files = BTreeMap::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().to_str().unwrap().to_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        files.insert(name, bytes);
    }
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_and_its_tree_leave_in_one_solve_with_the_digest_of_the_config() {
    let daemon = Daemon::start("").await;
    let context = Context::new("RUN echo made > /made\nLABEL a=b\n");
    let out = tempfile::tempdir().unwrap();
    let (image, rootfs) = (out.path().join("image.tar"), out.path().join("rootfs.tar"));

    let mut asked = context.solve();
    asked.exporters = vec![docker(&image), tar(&rootfs)];
    let outcome = solve(&daemon, asked).await;

    let solved = outcome.result.unwrap();
    let blobs = files(&image);
    let config = solved
        .config_digest()
        .unwrap()
        .strip_prefix("sha256:")
        .unwrap();
    let text = &blobs[&format!("blobs/sha256/{config}")];
    assert_eq!(sha256(text), config);
    let json: serde_json::Value = serde_json::from_slice(text).unwrap();
    assert_eq!(json["config"]["Labels"]["a"], "b");
    let manifest = solved
        .manifest_digest()
        .unwrap()
        .strip_prefix("sha256:")
        .unwrap();
    assert!(
        blobs.contains_key(&format!("blobs/sha256/{manifest}")),
        "{:?}",
        blobs.keys()
    );
    assert_eq!(files(&rootfs)["made"], b"made\n");
}
