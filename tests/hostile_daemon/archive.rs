//! Images as blobs, whole and in other states.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bollard_buildkit_proto::moby::buildkit::v1::SolveResponse;
use oci_image_tests::archive::sha256;
use serde_json::{Value, json};
use tar::Header;

use crate::visit::response;

const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// An image in parts, each of which can be put wrong.
#[derive(Clone)]
pub(crate) struct Image {
    pub(crate) files: Vec<(String, Vec<u8>)>,
    pub(crate) config: String,
    pub(crate) layer: String,
    pub(crate) manifest: String,
    descriptor: Value,
}

impl Image {
    /// An image of one empty layer that is what it says.
    pub(crate) fn honest() -> Self {
        Self::of_layer(&[])
    }

    /// An image of one layer, whatever that holds.
    pub(crate) fn of_layer(raw: &[u8]) -> Self {
        let layer = gzip(raw);
        let config = json!({
            "architecture": oci_image_tests::base::architecture(), "os": "linux", "config": {},
            "rootfs": {"type": "layers", "diff_ids": [sha256(raw)]},
        });
        let config = config.to_string().into_bytes();
        let (config_digest, layer_digest) = (sha256(&config), sha256(&layer));
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST,
            "config": {"mediaType": CONFIG, "digest": config_digest, "size": config.len()},
            "layers": [{"mediaType": LAYER, "digest": layer_digest, "size": layer.len()}],
        });
        let manifest = manifest.to_string().into_bytes();
        let manifest_digest = sha256(&manifest);
        let descriptor =
            json!({"mediaType": MANIFEST, "digest": manifest_digest, "size": manifest.len()});
        let files = vec![
            (blob(&layer_digest), layer),
            (blob(&config_digest), config),
            (blob(&manifest_digest), manifest),
        ];
        Self {
            files,
            config: config_digest,
            layer: layer_digest,
            manifest: manifest_digest,
            descriptor,
        }
    }

    /// A tree, as a layer has it and as the `tar` exporter sends it.
    pub(crate) fn tree() -> Vec<u8> {
        tar_of(&[("file".to_owned(), b"inside".to_vec())])
    }

    pub(crate) fn file(&self, name: &str) -> &[u8] {
        let file = self.files.iter().find(|(known, _)| known == name);
        file.map_or(&[], |(_, content)| content)
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.files.retain(|(known, _)| known != name);
        self
    }

    pub(crate) fn with(self, name: &str, content: impl Into<Vec<u8>>) -> Self {
        let mut other = self.without(name);
        other.files.push((name.to_owned(), content.into()));
        other
    }

    /// What an honest daemon answers.
    pub(crate) fn response(&self) -> SolveResponse {
        response([
            ("containerimage.config.digest", &self.config),
            ("containerimage.digest", &self.manifest),
            (
                "containerimage.descriptor",
                &STANDARD.encode(self.descriptor.to_string()),
            ),
        ])
    }

    /// The blobs alone, by digest.
    pub(crate) fn blobs(&self) -> impl Iterator<Item = (String, &[u8])> {
        self.files.iter().filter_map(|(name, content)| {
            let hex = name.strip_prefix("blobs/sha256/")?;
            Some((format!("sha256:{hex}"), content.as_slice()))
        })
    }
}

/// The name of a blob's file.
pub(crate) fn blob(digest: &str) -> String {
    format!("blobs/{}", digest.replacen(':', "/", 1))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(bytes).expect("memory");
    writer.finish().expect("memory")
}

fn tar_of(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        archive
            .append_data(&mut header, name, content.as_slice())
            .expect("memory");
    }
    archive.into_inner().expect("memory")
}
