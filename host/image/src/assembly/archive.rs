//! An archive of `docker save` that is an OCI layout too, in the form in which BuildKit writes it.
//!
//! Reads: blobs. Writes: the archive, from its beginning to its end. Source: BuildKit, `exporter/oci`; containerd,
//! `core/images/archive`; POSIX.1-2024, `ustar`.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use oci_image_boundary::cancel::Cancel;
use oci_spec::image::{Digest, MediaType};
use serde_json::json;
use tar::{EntryType, Header};

use super::assembled::Assembly;
use super::directory::{index, marker};
use super::error::AssemblyError;
use super::sources;
use super::transfer::{self, Course};
use crate::blob::Blob;
use crate::docker;
use crate::document;
use crate::layout::{INDEX, MARKER, blob_name};
use oci_image_tree::entry::BLOCK;

/// The modes of entries: of what is named by its digest, and of what names it.
const BLOB_MODE: u32 = 0o444;
const NAMING_MODE: u32 = 0o644;

/// An archive that grows.
struct Growing<'file> {
    file: &'file File,
    end: u64,
    course: Course<'file>,
}

impl Assembly {
    /// Writes the image into an empty file, which messages call by `path`. Blocking.
    ///
    /// # Errors
    /// [`AssemblyError::SeveralPlatforms`]; [`AssemblyError::Document`]; [`AssemblyError::Write`].
    pub fn write_archive(
        &self,
        file: &File,
        path: &Path,
        cancel: &Cancel,
    ) -> Result<(), AssemblyError> {
        let naming = self.naming()?;
        let stretch = self.begin_writing();
        let mut archive = Growing {
            file,
            end: 0,
            course: Course {
                stretch: &stretch,
                cancel,
            },
        };
        archive
            .write(self, &naming)
            .map_err(|source| AssemblyError::Write {
                path: path.to_owned(),
                source,
            })
    }

    /// The files that name the image, in the order of the archive.
    fn naming(&self) -> Result<[(&'static str, String); 3], AssemblyError> {
        let manifest = self.manifest()?;
        let layers = manifest.layers().iter();
        let layers: Vec<_> = layers.map(|layer| blob_name(layer.digest())).collect();
        let mut saved = json!({
            "Config": blob_name(manifest.config().digest()),
            "RepoTags": null,
            "Layers": layers,
        });
        let config = self.document(manifest.config().digest())?;
        let config = document::parse::<docker::Config>(config);
        let config = config.map_err(|source| AssemblyError::Document {
            digest: manifest.config().digest().clone(),
            source: Some(source),
        })?;
        let is_gzip = (manifest.layers().iter())
            .all(|layer| *layer.media_type() == MediaType::ImageLayerGzip);
        let sources = sources::of(&config.rootfs.diff_ids, manifest.layers());
        if is_gzip && !sources.is_empty() {
            saved["LayerSources"] = json!(sources);
        }
        Ok([
            (INDEX, index(&self.root)),
            (docker::MANIFEST, json!([saved]).to_string()),
            (MARKER, marker()),
        ])
    }
}

impl Growing<'_> {
    fn write(&mut self, image: &Assembly, naming: &[(&str, String)]) -> io::Result<()> {
        for directory in ["blobs/", "blobs/sha256/"] {
            self.header(directory, 0, 0o755, EntryType::Directory)?;
        }
        for digest in in_order(image) {
            let name = blob_name(digest);
            match (image.documents.get(digest), image.blobs.get(digest)) {
                (Some(document), _) => self.bytes(&name, document, BLOB_MODE)?,
                (None, Some(blob)) => self.blob(&name, blob)?,
                (None, None) => {}
            }
        }
        for (name, text) in naming {
            let mode = if *name == MARKER {
                BLOB_MODE
            } else {
                NAMING_MODE
            };
            self.bytes(name, text.as_bytes(), mode)?;
        }
        self.file.set_len(self.end + 2 * BLOCK)
    }

    fn bytes(&mut self, name: &str, bytes: &[u8], mode: u32) -> io::Result<()> {
        self.header(name, bytes.len() as u64, mode, EntryType::Regular)?;
        self.file.write_all_at(bytes, self.end)?;
        self.skip(bytes.len() as u64);
        Ok(())
    }

    fn blob(&mut self, name: &str, blob: &Blob) -> io::Result<()> {
        self.header(name, blob.size(), BLOB_MODE, EntryType::Regular)?;
        transfer::copy(blob, self.file, self.end, self.course)?;
        self.skip(blob.size());
        Ok(())
    }

    fn header(&mut self, name: &str, size: u64, mode: u32, kind: EntryType) -> io::Result<()> {
        let mut header = Header::new_ustar();
        header.set_path(name)?;
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_size(size);
        header.set_cksum();
        self.file.write_all_at(header.as_bytes(), self.end)?;
        self.skip(BLOCK);
        Ok(())
    }

    /// What lies behind an entry up to the next block is a hole: zeros.
    fn skip(&mut self, count: u64) {
        self.end += count.next_multiple_of(BLOCK);
    }
}

/// The digests of all blobs, documents among them, in the order of the archive.
fn in_order(image: &Assembly) -> Vec<&Digest> {
    let mut digests: Vec<_> = image.documents.keys().chain(image.blobs.keys()).collect();
    digests.sort_by(|one, other| one.as_ref().cmp(other.as_ref()));
    digests.dedup();
    digests
}
