//! Layouts made by hand: indexes of whatever leads wherever.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use tar::Header;

use crate::archive::sha256;
use crate::base::{Layer, architecture};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// The files of an OCI layout, by name.
#[derive(Debug, Clone)]
pub struct Blobs(BTreeMap<String, Vec<u8>>);

impl Default for Blobs {
    fn default() -> Self {
        Self::new()
    }
}

impl Blobs {
    /// A layout of nothing.
    #[must_use]
    pub fn new() -> Self {
        let version = br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec();
        Self(BTreeMap::from([("oci-layout".into(), version)]))
    }

    /// Adds a blob, and returns its descriptor.
    pub fn blob(&mut self, media_type: &str, bytes: &[u8]) -> Value {
        let descriptor = descriptor(media_type, bytes);
        self.0.insert(name(&descriptor), bytes.to_vec());
        descriptor
    }

    /// Adds an image that names its one layer so many times, and returns its descriptor.
    ///
    /// # Panics
    /// Never: it writes to memory.
    pub fn image(&mut self, layer: &Layer, times: usize) -> Value {
        let config = json!({
            "architecture": architecture(), "os": "linux", "config": {},
            "rootfs": {"type": "layers", "diff_ids": vec![sha256(&layer.bytes()); times]},
        });
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(&layer.bytes()).expect("memory");
        let layer = self.blob(LAYER, &gzip.finish().expect("memory"));
        let config = self.blob(CONFIG, config.to_string().as_bytes());
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": vec![layer; times],
        });
        self.blob(MANIFEST, manifest.to_string().as_bytes())
    }

    /// Adds an index, and returns its descriptor.
    pub fn index(&mut self, manifests: &[Value]) -> Value {
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests});
        self.blob(INDEX, index.to_string().as_bytes())
    }

    /// The descriptor of an image that is not there.
    #[must_use]
    pub fn absent(number: usize) -> Value {
        json!({"mediaType": MANIFEST, "digest": format!("sha256:{number:064x}"), "size": 8})
    }

    /// Puts other bytes into the place of a blob.
    pub fn replace(&mut self, descriptor: &Value, bytes: &[u8]) {
        self.0.insert(name(descriptor), bytes.to_vec());
    }

    /// Sets `index.json`.
    #[must_use]
    pub fn root(mut self, manifests: &[Value]) -> Self {
        let index = json!({"schemaVersion": 2, "manifests": manifests});
        self.0
            .insert("index.json".into(), index.to_string().into_bytes());
        self
    }

    /// Writes the layout as a directory.
    ///
    /// # Panics
    /// If the file system refuses.
    pub fn write_directory(&self, path: &Path) {
        for directory in ["blobs/sha256", "ingest"] {
            fs::create_dir_all(path.join(directory)).expect("a directory");
        }
        for (name, bytes) in &self.0 {
            fs::write(path.join(name), bytes).expect("a file");
        }
    }

    /// Writes the layout as an archive.
    ///
    /// # Panics
    /// If the file system refuses.
    pub fn write_archive(&self, path: &Path) {
        let mut archive = tar::Builder::new(Vec::new());
        for (name, bytes) in &self.0 {
            let mut header = Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            archive
                .append_data(&mut header, name, bytes.as_slice())
                .expect("memory");
        }
        fs::write(path, archive.into_inner().expect("memory")).expect("a file");
    }
}

/// The name of the file that holds a blob.
///
/// # Panics
/// If the descriptor has no digest.
#[must_use]
pub fn name(descriptor: &Value) -> String {
    let digest = descriptor["digest"].as_str().expect("a digest");
    format!("blobs/{}", digest.replace(':', "/"))
}

fn descriptor(media_type: &str, bytes: &[u8]) -> Value {
    json!({"mediaType": media_type, "digest": sha256(bytes), "size": bytes.len()})
}
