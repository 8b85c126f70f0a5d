//! A component as an OCI artifact, in an OCI image layout: a form in which registries keep components, and `wkg` pulls them.
//!
//! Nothing in it depends on when or where it is made.
//!
//! Source: the guidance "Wasm OCI Artifact Layout" of CNCF's TAG Runtime; OCI image specification 1.1, image layout.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use wasmparser::{Parser, Payload};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.wasm.config.v0+json";
const LAYER: &str = "application/wasm";

/// Writes the layout of a component of that name and version into a directory that is not there yet.
///
/// # Panics
/// If the file is no component, or something cannot be written.
pub fn write(component: &Path, (name, version): (&str, &str), layout: &Path) {
    let wasm =
        fs::read(component).unwrap_or_else(|error| panic!("{}: {error}", component.display()));
    fs::create_dir_all(layout.join("blobs/sha256")).expect("target/ can be written");
    let layer = blob(layout, LAYER, &wasm);
    let (imports, exports) = interfaces(&wasm);
    let config = json!({
        "created": "1970-01-01T00:00:00Z",
        "architecture": "wasm",
        "os": "wasip2",
        // So that no two components have one config.
        "layerDigests": [layer["digest"]],
        "component": {"exports": exports, "imports": imports},
    });
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": blob(layout, CONFIG, &bytes(&config)),
        "layers": [layer],
        "annotations": {
            "org.opencontainers.image.title": name,
            "org.opencontainers.image.version": version,
            "org.opencontainers.image.licenses": "Apache-2.0",
        },
    });
    let mut entry = blob(layout, MANIFEST, &bytes(&manifest));
    entry["annotations"] = json!({"org.opencontainers.image.ref.name": version});
    let index = json!({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [entry]});
    let marker = json!({"imageLayoutVersion": "1.0.0"});
    for (file, document) in [("index.json", index), ("oci-layout", marker)] {
        fs::write(layout.join(file), bytes(&document)).expect("target/ can be written");
    }
}

/// Writes a blob; its descriptor.
fn blob(layout: &Path, media_type: &str, bytes: &[u8]) -> Value {
    let digest = Sha256::digest(bytes);
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    fs::write(layout.join("blobs/sha256").join(&hex), bytes).expect("target/ can be written");
    json!({"mediaType": media_type, "digest": format!("sha256:{hex}"), "size": bytes.len()})
}

fn bytes(document: &Value) -> Vec<u8> {
    serde_json::to_vec(document).expect("a document of ours is JSON")
}

/// The interfaces that a component imports, and those that it exports.
fn interfaces(wasm: &[u8]) -> (Vec<String>, Vec<String>) {
    let (mut imports, mut exports) = (Vec::new(), Vec::new());
    let mut depth = 0;
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.expect("a component") {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ComponentImportSection(section) if depth == 0 => {
                let found = section.into_iter().map(|one| one.expect("an import"));
                imports.extend(found.map(|one| one.name.name.to_owned()));
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                let found = section.into_iter().map(|one| one.expect("an export"));
                exports.extend(found.map(|one| one.name.name.to_owned()));
            }
            _ => {}
        }
    }
    (imports, exports)
}
