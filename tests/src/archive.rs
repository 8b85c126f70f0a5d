//! An independent reading of `image.tar`: its OCI layout and its docker-save manifest, layers unpacked into entries.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use flate2::read::MultiGzDecoder;
use oci_image::boundary::hashing::Hashing;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// One entry of a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The type byte of its header.
    pub kind: u8,
    /// Permission bits, setuid and its like included.
    pub mode: u32,
    /// Owner and group.
    pub owner: (u64, u64),
    /// Modification time, in seconds since 1970.
    pub modified: u64,
    /// Target of a symbolic or hard link.
    pub link: Option<String>,
    /// PAX extended attributes (`SCHILY.xattr.*`), without the prefix.
    pub xattrs: BTreeMap<String, Vec<u8>>,
    /// Contents of a regular file.
    pub contents: Vec<u8>,
}

/// An image read from an archive.
#[derive(Debug)]
pub struct Archive {
    /// Every file of the archive, by name.
    pub files: BTreeMap<String, Vec<u8>>,
    /// The image's config, parsed.
    pub config: Value,
    /// `sha256:...` of the config's bytes.
    pub config_digest: String,
    /// The layers' entries, lowest layer first, by path.
    pub layers: Vec<BTreeMap<String, Entry>>,
}

impl Archive {
    /// Reads an archive.
    ///
    /// # Panics
    /// If it is not a docker-save archive and an OCI layout in one.
    #[must_use]
    pub fn read(path: &Path) -> Self {
        let mut files = BTreeMap::new();
        let mut archive = tar::Archive::new(File::open(path).expect("the archive opens"));
        for entry in archive.entries().expect("a tar") {
            let mut entry = entry.expect("an entry");
            let name = entry.path().expect("a name").to_string_lossy().into_owned();
            let mut contents = Vec::new();
            entry.read_to_end(&mut contents).expect("contents");
            files.insert(name, contents);
        }
        assert!(
            files.contains_key("oci-layout"),
            "an OCI layout has `oci-layout`: {:?}",
            files.keys()
        );
        let manifest: Value =
            serde_json::from_slice(&files["manifest.json"]).expect("manifest.json");
        let config_name = manifest[0]["Config"].as_str().expect("Config");
        let config_bytes = &files[config_name];
        let layers = &manifest[0]["Layers"];
        // Go's way to say that there are none.
        let layers = match layers.as_array() {
            Some(layers) => &layers[..],
            None if layers.is_null() => &[],
            None => panic!("Layers: {layers}"),
        };
        Self {
            config: serde_json::from_slice(config_bytes).expect("a config"),
            config_digest: sha256(config_bytes),
            layers: layers
                .iter()
                .map(|name| layer(&files[name.as_str().expect("a name")]))
                .collect(),
            files,
        }
    }

    /// What a path is in the topmost layer that has it.
    #[must_use]
    pub fn entry(&self, path: &str) -> Option<&Entry> {
        self.layers.iter().rev().find_map(|layer| layer.get(path))
    }

    /// The text of a file in the image.
    ///
    /// # Panics
    /// If there is no such file.
    #[must_use]
    pub fn text(&self, path: &str) -> String {
        let entry = self
            .entry(path)
            .unwrap_or_else(|| panic!("no `{path}` in the image"));
        String::from_utf8(entry.contents.clone()).expect("text")
    }
}

/// `sha256:...` of some bytes.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    shown(&Sha256::digest(bytes))
}

/// `sha256:...` of what a file holds.
///
/// # Panics
/// If it cannot be read.
#[must_use]
pub fn sha256_of(path: &Path) -> String {
    let mut hashing = Hashing::new(std::io::sink());
    std::io::copy(&mut File::open(path).expect("a file"), &mut hashing).expect("contents");
    shown(&hashing.finish().1.finalize())
}

fn shown(digest: &[u8]) -> String {
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

fn layer(blob: &[u8]) -> BTreeMap<String, Entry> {
    let mut plain = Vec::new();
    if blob.starts_with(&[0x1f, 0x8b]) {
        MultiGzDecoder::new(blob)
            .read_to_end(&mut plain)
            .expect("gzip");
    } else {
        plain.extend_from_slice(blob);
    }
    let mut archive = tar::Archive::new(&plain[..]);
    archive
        .entries()
        .expect("a tar")
        .map(|entry| read_entry(&mut entry.expect("an entry")))
        .collect()
}

fn read_entry<R: Read>(entry: &mut tar::Entry<'_, R>) -> (String, Entry) {
    let name = String::from_utf8_lossy(&entry.path_bytes())
        .trim_end_matches('/')
        .to_owned();
    let xattrs = xattrs(entry);
    let header = entry.header();
    let mut read = Entry {
        kind: header.entry_type().as_byte(),
        mode: header.mode().expect("a mode") & 0o7777,
        owner: (header.uid().expect("a uid"), header.gid().expect("a gid")),
        modified: header.mtime().expect("a time"),
        link: entry
            .link_name_bytes()
            .map(|link| String::from_utf8_lossy(&link).into_owned()),
        xattrs,
        contents: Vec::new(),
    };
    entry.read_to_end(&mut read.contents).expect("contents");
    (name, read)
}

fn xattrs<R: Read>(entry: &mut tar::Entry<'_, R>) -> BTreeMap<String, Vec<u8>> {
    let Some(extensions) = entry.pax_extensions().expect("PAX headers") else {
        return BTreeMap::new();
    };
    extensions
        .map(|extension| extension.expect("a PAX header"))
        .filter_map(|extension| {
            let key = extension
                .key()
                .expect("a key")
                .strip_prefix("SCHILY.xattr.")?;
            Some((key.to_owned(), extension.value_bytes().to_vec()))
        })
        .collect()
}
