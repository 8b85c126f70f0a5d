//! The forms in which programs write an image: the same layers, encoded and described in one way or another.

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::archive::sha256;
use crate::base::{Layer, architecture};

/// Media types.
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// As [`MANIFEST`].
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// As [`MANIFEST`].
pub const CONFIG: &str = "application/vnd.oci.image.config.v1+json";

/// How a layer is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// As it is.
    Raw,
    /// As every registry takes it.
    Gzip,
    /// As newer ones do.
    Zstd,
}

impl Encoding {
    /// A layer, encoded.
    ///
    /// # Panics
    /// Never: it writes to memory.
    #[must_use]
    pub fn of(self, layer: &[u8]) -> Vec<u8> {
        match self {
            Self::Raw => layer.to_vec(),
            Self::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
                encoder.write_all(layer).expect("memory");
                encoder.finish().expect("memory")
            }
            Self::Zstd => zstd(layer),
        }
    }

    /// OCI's media type of such a layer.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Raw => "application/vnd.oci.image.layer.v1.tar",
            Self::Gzip => "application/vnd.oci.image.layer.v1.tar+gzip",
            Self::Zstd => "application/vnd.oci.image.layer.v1.tar+zstd",
        }
    }
}

/// A frame of blocks that are not compressed (RFC 8878, 3.1.1).
fn zstd(content: &[u8]) -> Vec<u8> {
    const BLOCK: usize = 128 << 10;
    let size = u32::try_from(content.len()).expect("a small layer");
    // One segment, with a size of four bytes.
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0xa0];
    frame.extend(size.to_le_bytes());
    let blocks: Vec<&[u8]> = content.chunks(BLOCK).collect();
    for (index, block) in blocks.iter().enumerate() {
        let last = u32::from(index + 1 == blocks.len());
        let header = last | (u32::try_from(block.len()).expect("a block") << 3);
        frame.extend(&header.to_le_bytes()[..3]);
        frame.extend(*block);
    }
    if blocks.is_empty() {
        frame.extend([1, 0, 0]);
    }
    frame
}

/// The config of an image with these layers, as they are uncompressed.
#[must_use]
pub fn config(layers: &[Vec<u8>]) -> Value {
    let diff_ids: Vec<String> = layers.iter().map(|layer| sha256(layer)).collect();
    json!({
        "architecture": architecture(), "os": "linux", "config": {"Env": ["ORIGIN=base"]},
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
    })
}

/// The files of an image, in their order.
#[derive(Debug, Clone, Default)]
pub struct Files(Vec<(String, Vec<u8>)>);

impl Files {
    /// An archive of `docker save` without a layout: the layers are files of these names and contents.
    #[must_use]
    pub fn saved(config: &Value, layers: &[(String, Vec<u8>)]) -> Self {
        let config = config.to_string();
        let name = format!("{}.json", &sha256(config.as_bytes())[7..]);
        let names: Vec<&String> = layers.iter().map(|(name, _)| name).collect();
        let manifest = json!([{"Config": name, "RepoTags": ["base:latest"], "Layers": names}]);
        let mut files = layers.to_vec();
        files.push((name, config.into_bytes()));
        files.push(("manifest.json".into(), manifest.to_string().into_bytes()));
        Self(files)
    }

    /// Writes them as an archive.
    ///
    /// # Panics
    /// If the file system refuses.
    pub fn write_archive(&self, path: &Path) {
        let archive = self
            .0
            .iter()
            .fold(Layer::new(), |tar, (name, bytes)| tar.file(name, bytes));
        fs::write(path, archive.bytes()).expect("a file");
    }

    /// Writes them as a directory.
    ///
    /// # Panics
    /// If the file system refuses.
    pub fn write_directory(&self, path: &Path) {
        for (name, bytes) in &self.0 {
            let file = path.join(name);
            fs::create_dir_all(file.parent().expect("it has a parent")).expect("a directory");
            fs::write(file, bytes).expect("a file");
        }
    }
}

/// An OCI layout in the making.
#[derive(Debug, Clone, Default)]
pub struct Oci(Files);

impl Oci {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a blob, and gives its descriptor.
    pub fn blob(&mut self, media_type: &str, bytes: &[u8]) -> Value {
        let digest = sha256(bytes);
        let name = format!("blobs/{}", digest.replace(':', "/"));
        let files = &mut self.0.0;
        if !files.iter().any(|(known, _)| *known == name) {
            files.push((name, bytes.to_vec()));
        }
        json!({"mediaType": media_type, "digest": digest, "size": bytes.len()})
    }

    /// Adds a document, and gives its descriptor.
    pub fn document(&mut self, media_type: &str, document: &Value) -> Value {
        self.blob(media_type, document.to_string().as_bytes())
    }

    /// Adds the manifest of an image with these layers, media types and contents, and gives its descriptor.
    pub fn image(&mut self, config: &Value, layers: &[(&str, Vec<u8>)]) -> Value {
        let config = self.document(CONFIG, config);
        let layers: Vec<Value> = layers
            .iter()
            .map(|(media_type, bytes)| self.blob(media_type, bytes))
            .collect();
        let manifest =
            json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers});
        self.document(MANIFEST, &manifest)
    }

    /// The layout whose index names these.
    #[must_use]
    pub fn files(self, manifests: &[Value]) -> Files {
        self.files_of(&json!({"schemaVersion": 2, "manifests": manifests}))
    }

    /// The layout of this index.
    #[must_use]
    pub fn files_of(self, index: &Value) -> Files {
        let Files(mut files) = self.0;
        let marker = json!({"imageLayoutVersion": "1.0.0"});
        files.push(("oci-layout".into(), marker.to_string().into_bytes()));
        files.push(("index.json".into(), index.to_string().into_bytes()));
        Files(files)
    }
}
