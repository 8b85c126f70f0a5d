//! Base images made by hand: what is in a layer is known to the byte, and everything in it can be put wrong.

use std::fs;
use std::mem;
use std::path::Path;

use serde_json::json;
use tar::{EntryType, Header};

use crate::archive::sha256;

/// The longest path that a header holds itself.
const SHORT: usize = 100;

/// A layer, as a tar archive of entries that nothing checks.
#[derive(Debug, Default, Clone)]
pub struct Layer(Vec<u8>);

impl Layer {
    /// A layer without entries.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A regular file of user 0 that everybody may read.
    #[must_use]
    pub fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.entry(EntryType::Regular, path, content, |_| ())
    }

    /// A directory that everybody may enter.
    #[must_use]
    pub fn directory(self, path: &str) -> Self {
        self.entry(EntryType::Directory, path, "", |header| {
            header.set_mode(0o755);
        })
    }

    /// A symbolic link.
    #[must_use]
    pub fn symlink(self, path: &str, to: &str) -> Self {
        self.link(EntryType::Symlink, path, to)
    }

    /// A hard link.
    #[must_use]
    pub fn hard_link(self, path: &str, to: &str) -> Self {
        self.link(EntryType::Link, path, to)
    }

    /// A character device: `/dev/null` under whatever name.
    ///
    /// # Panics
    /// Never: the numbers fit.
    #[must_use]
    pub fn device(self, path: &str) -> Self {
        self.entry(EntryType::Char, path, "", |header| {
            header.set_device_major(1).expect("a small number");
            header.set_device_minor(3).expect("a small number");
        })
    }

    /// An entry whose header `change` completes.
    #[must_use]
    pub fn entry(
        mut self,
        kind: EntryType,
        path: &str,
        content: impl AsRef<[u8]>,
        change: impl FnOnce(&mut Header),
    ) -> Self {
        let content = content.as_ref();
        if path.len() > SHORT {
            self = self.records(&[("path", path.as_bytes())]);
        }
        let mut header = Header::new_gnu();
        let short = &path.as_bytes()[..path.len().min(SHORT)];
        header.as_old_mut().name[..short.len()].copy_from_slice(short);
        header.set_entry_type(kind);
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(1_600_000_000);
        header.set_uid(0);
        header.set_gid(0);
        change(&mut header);
        header.set_cksum();
        self.push(&header, content)
    }

    /// PAX records of the next entry: `SCHILY.xattr.user.note`.
    ///
    /// # Panics
    /// Never: it writes to memory.
    #[must_use]
    pub fn records(self, records: &[(&str, &[u8])]) -> Self {
        let mut archive = tar::Builder::new(self.0);
        archive
            .append_pax_extensions(records.iter().copied())
            .expect("memory");
        // What is left in the builder is ended when it is dropped.
        Self(mem::take(archive.get_mut()))
    }

    fn link(self, kind: EntryType, path: &str, to: &str) -> Self {
        let long = [("linkpath", to.as_bytes())];
        let layer = if to.len() > SHORT {
            self.records(&long)
        } else {
            self
        };
        let name = &to.as_bytes()[..to.len().min(SHORT)];
        layer.entry(kind, path, "", |header| {
            header.as_old_mut().linkname[..name.len()].copy_from_slice(name);
        })
    }

    fn push(mut self, header: &Header, content: &[u8]) -> Self {
        self.0.extend_from_slice(header.as_bytes());
        self.0.extend_from_slice(content);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    /// The archive, with its end.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.0.clone();
        bytes.resize(bytes.len() + 1024, 0);
        bytes
    }
}

/// Writes an image with these layers, lowest first, as an archive of `docker save`.
///
/// # Panics
/// If the file system refuses.
pub fn write_image(path: &Path, layers: &[Layer]) {
    let layers: Vec<Vec<u8>> = layers.iter().map(Layer::bytes).collect();
    let diff_ids: Vec<String> = layers.iter().map(|layer| sha256(layer)).collect();
    write_archive(path, &layers, &diff_ids);
}

/// Writes an archive with these files as layers and these digests in the config, whether they agree or not.
///
/// # Panics
/// If the file system refuses.
pub fn write_archive(path: &Path, layers: &[Vec<u8>], diff_ids: &[String]) {
    let config = json!({
        "architecture": architecture(), "os": "linux", "config": {},
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
    });
    let names: Vec<String> = (0..layers.len())
        .map(|index| format!("{index}.tar"))
        .collect();
    let manifest = json!([{"Config": "config.json", "RepoTags": ["base:latest"], "Layers": names}]);
    let mut archive = tar::Builder::new(Vec::new());
    let mut append = |name: &str, content: &[u8]| {
        let mut header = Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        archive
            .append_data(&mut header, name, content)
            .expect("memory");
    };
    for (name, layer) in names.iter().zip(layers) {
        append(name, layer);
    }
    append("config.json", config.to_string().as_bytes());
    append("manifest.json", manifest.to_string().as_bytes());
    let bytes = archive.into_inner().expect("memory");
    fs::write(path, bytes).expect("a file");
}

/// This machine's architecture, as images name it.
#[must_use]
pub fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}
