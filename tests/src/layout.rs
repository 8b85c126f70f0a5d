//! An independent check of a directory in the form of an OCI layout.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::archive::sha256;

/// Every blob has the digest that its name says, and the index, which may be missing, names blobs that are there in whole.
///
/// # Panics
/// If that is not so.
pub fn assert_sound(directory: &Path) {
    let Ok(index) = fs::read(directory.join("index.json")) else {
        return assert_blobs(directory);
    };
    let parse = |text: &[u8]| serde_json::from_slice::<Value>(text).expect("JSON");
    let layout = fs::read(directory.join("oci-layout")).expect("oci-layout");
    assert_eq!(parse(&layout), json!({"imageLayoutVersion": "1.0.0"}));
    for manifest in parse(&index)["manifests"].as_array().expect("manifests") {
        let digest = manifest["digest"].as_str().expect("a digest");
        let blob = directory.join("blobs").join(digest.replace(':', "/"));
        let text = fs::read(&blob).unwrap_or_else(|error| panic!("{}: {error}", blob.display()));
        assert_eq!(text.len() as u64, manifest["size"]);
        let lists = parse(&text);
        let children = ["layers", "manifests"].map(|list| lists[list].as_array());
        for child in children.into_iter().flatten().flatten() {
            let digest = child["digest"].as_str().expect("a digest");
            let blob = directory.join("blobs").join(digest.replace(':', "/"));
            let found = fs::metadata(&blob).map(|blob| blob.len()).ok();
            assert_eq!(found, child["size"].as_u64(), "{digest}");
        }
    }
    assert_blobs(directory);
}

fn assert_blobs(directory: &Path) {
    for blob in fs::read_dir(directory.join("blobs/sha256"))
        .into_iter()
        .flatten()
    {
        let blob = blob.expect("an entry").path();
        let digest = sha256(&fs::read(&blob).expect("a blob"));
        let name = blob
            .file_name()
            .expect("a blob has a name")
            .to_string_lossy();
        assert_eq!(digest, format!("sha256:{name}"));
    }
}
