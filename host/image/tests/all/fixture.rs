//! Images made by hand: what is in them is known to the byte, and everything in them can be put wrong.

#![allow(dead_code, reason = "each suite uses its own part")]

use std::fs;
use std::io::Write;
use std::mem;
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;
use oci_spec::image::Digest;
use serde_json::{Value, json};
use sha2::Digest as _;

pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub(crate) const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
pub(crate) const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
pub(crate) const LAYER_GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// The digest of bytes, as text.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    let hex: String = sha2::Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("sha256:{hex}")
}

/// A digest from text.
pub(crate) fn digest(text: &str) -> Digest {
    Digest::try_from(text).unwrap()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A header with a path that is written as it is, however wrong.
pub(crate) fn header(path: &[u8], kind: tar::EntryType, size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.as_old_mut().name[..path.len()].copy_from_slice(path);
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(0o644);
    header.set_mtime(1_600_000_000);
    header.set_uid(0);
    header.set_gid(0);
    header.set_cksum();
    header
}

/// A tar archive as bytes, of entries that nothing checks.
#[derive(Default)]
pub(crate) struct Tar(Vec<u8>);

impl Tar {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn entry(mut self, header: &tar::Header, content: &[u8]) -> Self {
        self.0.extend_from_slice(header.as_bytes());
        self.0.extend_from_slice(content);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    pub(crate) fn file(self, path: &str, content: &[u8]) -> Self {
        self.entry(
            &header(
                path.as_bytes(),
                tar::EntryType::Regular,
                content.len() as u64,
            ),
            content,
        )
    }

    pub(crate) fn directory(self, path: &str) -> Self {
        let mut header = header(path.as_bytes(), tar::EntryType::Directory, 0);
        header.set_mode(0o755);
        header.set_cksum();
        self.entry(&header, b"")
    }

    pub(crate) fn symlink(self, path: &str, to: &str) -> Self {
        self.link(path, to, tar::EntryType::Symlink)
    }

    pub(crate) fn hard_link(self, path: &str, to: &str) -> Self {
        self.link(path, to, tar::EntryType::Link)
    }

    fn link(self, path: &str, to: &str, kind: tar::EntryType) -> Self {
        let mut header = header(path.as_bytes(), kind, 0);
        header.set_link_name_literal(to).unwrap();
        header.set_cksum();
        self.entry(&header, b"")
    }

    /// PAX records for the next entry.
    pub(crate) fn records(self, records: &[(&str, &[u8])]) -> Self {
        let mut archive = tar::Builder::new(self.0);
        archive
            .append_pax_extensions(records.iter().copied())
            .unwrap();
        // What is left in the builder is ended when it is dropped.
        Self(mem::take(archive.get_mut()))
    }

    pub(crate) fn end(mut self) -> Vec<u8> {
        self.0.resize(self.0.len() + 1024, 0);
        self.0
    }

    /// The bytes so far, without an end.
    pub(crate) fn cut(self) -> Vec<u8> {
        self.0
    }

    pub(crate) fn write(self, path: &Path) -> PathBuf {
        fs::write(path, self.end()).unwrap();
        path.into()
    }
}

/// The config of an image with these layers, uncompressed.
pub(crate) fn config(layers: &[&[u8]]) -> Vec<u8> {
    let diff_ids: Vec<_> = layers.iter().map(|layer| sha256(layer)).collect();
    serde_json::to_vec(&json!({
        "architecture": "amd64",
        "os": "linux",
        "config": { "Env": ["PATH=/bin"] },
        "rootfs": { "type": "layers", "diff_ids": diff_ids },
    }))
    .unwrap()
}

/// `manifest.json` of `docker save`.
pub(crate) fn saved(config: &str, layers: &[&str]) -> Vec<u8> {
    serde_json::to_vec(
        &json!([{ "Config": config, "RepoTags": ["base:latest"], "Layers": layers }]),
    )
    .unwrap()
}

pub(crate) fn descriptor(media_type: &str, bytes: &[u8]) -> Value {
    json!({ "mediaType": media_type, "digest": sha256(bytes), "size": bytes.len() })
}

/// The files of an OCI layout.
#[derive(Default, Clone)]
pub(crate) struct Layout {
    pub(crate) files: Vec<(String, Vec<u8>)>,
}

impl Layout {
    pub(crate) fn new() -> Self {
        Self {
            files: vec![(
                "oci-layout".into(),
                br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec(),
            )],
        }
    }

    /// Adds a blob, and returns its descriptor.
    pub(crate) fn blob(&mut self, media_type: &str, bytes: &[u8]) -> Value {
        let name = format!("blobs/{}", sha256(bytes).replace(':', "/"));
        if !self.files.iter().any(|(known, _)| *known == name) {
            self.files.push((name, bytes.to_vec()));
        }
        descriptor(media_type, bytes)
    }

    /// Adds an image of these layers, gzipped, and returns the descriptor of its manifest.
    pub(crate) fn image(&mut self, layers: &[&[u8]]) -> Value {
        let config = self.blob(CONFIG, &config(layers));
        let layers: Vec<_> = layers
            .iter()
            .map(|layer| self.blob(LAYER_GZIP, &gzip(layer)))
            .collect();
        let manifest = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers });
        self.blob(MANIFEST, &serde_json::to_vec(&manifest).unwrap())
    }

    /// Adds an index, and returns its descriptor.
    pub(crate) fn index(&mut self, manifests: &[Value]) -> Value {
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": manifests });
        self.blob(INDEX, &serde_json::to_vec(&index).unwrap())
    }

    /// Sets `index.json`.
    pub(crate) fn root(mut self, manifests: &[Value]) -> Self {
        let index = json!({ "schemaVersion": 2, "manifests": manifests });
        self.files
            .push(("index.json".into(), serde_json::to_vec(&index).unwrap()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.files.retain(|(known, _)| known != name);
        self
    }

    pub(crate) fn replace(mut self, name: &str, bytes: &[u8]) -> Self {
        self = self.without(name);
        self.files.push((name.into(), bytes.to_vec()));
        self
    }

    pub(crate) fn to_directory(&self, path: &Path) -> PathBuf {
        for (name, bytes) in &self.files {
            let file = path.join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, bytes).unwrap();
        }
        path.into()
    }

    pub(crate) fn to_tar(&self) -> Tar {
        let mut tar = Tar::new();
        for (name, bytes) in &self.files {
            tar = tar.file(name, bytes);
        }
        tar
    }
}

/// Runs a program that must succeed, and returns what it prints.
pub(crate) fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .unwrap_or_else(|e| panic!("{program}: {e}"));
    let shown = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {shown}");
    String::from_utf8(output.stdout).unwrap()
}

/// Whether a program is there; says so if not.
pub(crate) fn has(program: &str) -> bool {
    let there = Command::new(program).arg("--version").output().is_ok();
    if !there {
        eprintln!("skipped: `{program}` is not installed");
    }
    there
}

/// An error and its causes, in one line.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    causes
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
