//! A layout as a directory.
//!
//! Reads: blobs. Writes: the directory. Source: OCI image-spec 1.1, `image-layout`.

use std::io::{self, Write as _};
use std::path::Path;

use oci_image_boundary::handle::{Directory, PartialFile};
use oci_spec::image::{Descriptor, Digest, ImageIndexBuilder, MediaType, SCHEMA_VERSION};
use serde_json::json;

use super::assembled::Assembly;
use super::error::AssemblyError;
use super::transfer::{self, Course};
use crate::blob::Blob;
use crate::contents::Contents;
use crate::layout::{BLOBS, INDEX, MARKER, VERSION, blob_name};

impl Assembly {
    /// Makes an empty directory the layout of this image alone. Blocking.
    ///
    /// # Errors
    /// [`AssemblyError::Write`].
    pub fn write_layout(&self, to: &Directory, contents: &Contents) -> Result<(), AssemblyError> {
        self.write_blobs(to, to, contents)?;
        for (name, text) in [(INDEX, index(&self.root)), (MARKER, marker())] {
            let written = write_document(to, to, name.as_ref(), text.as_bytes());
            written.map_err(|source| unwritten(to, name, source))?;
        }
        Ok(())
    }

    /// Writes what a layout has not of this image's blobs, or has damaged, each below `ingest` first. Blocking.
    ///
    /// # Errors
    /// [`AssemblyError::Write`].
    pub fn write_blobs(
        &self,
        layout: &Directory,
        ingest: &Directory,
        contents: &Contents,
    ) -> Result<(), AssemblyError> {
        let made = layout.made_own_directory(BLOBS);
        let blobs = made.map_err(|source| unwritten(layout, BLOBS, source))?;
        let stretch = self.begin_writing();
        let course = Course {
            stretch: &stretch,
            cancel: contents.cancel(),
        };
        for (digest, blob) in &self.blobs {
            let write = || {
                if is_there(&blobs, digest, blob.size(), contents)? {
                    stretch.advance(blob.size());
                    return Ok(());
                }
                let partial = PartialFile::new(ingest, ".blob.".as_ref())?;
                transfer::fill(blob, &partial.file, course)?;
                partial.put(&blobs, digest.digest().as_ref())
            };
            write().map_err(|source| unwritten(layout, &blob_name(digest), source))?;
        }
        for (digest, document) in &self.documents {
            let write = || {
                if is_there(&blobs, digest, document.len() as u64, contents)? {
                    return Ok(());
                }
                write_document(ingest, &blobs, digest.digest().as_ref(), document)
            };
            write().map_err(|source| unwritten(layout, &blob_name(digest), source))?;
        }
        Ok(())
    }
}

/// What names the image of a layout.
pub(super) fn index(root: &Descriptor) -> String {
    let index = ImageIndexBuilder::default()
        .schema_version(SCHEMA_VERSION)
        .media_type(MediaType::ImageIndex)
        .manifests([root.clone()])
        .build()
        .expect("an index has no other field that is required");
    serde_json::to_string(&index).expect("an index has no map with keys but strings")
}

/// What makes a directory or an archive a layout.
pub(super) fn marker() -> String {
    json!({ "imageLayoutVersion": VERSION }).to_string()
}

/// Whether a blob is there. One that is damaged is not, and is replaced.
fn is_there(
    blobs: &Directory,
    digest: &Digest,
    size: u64,
    contents: &Contents,
) -> io::Result<bool> {
    match Blob::named(blobs, digest.digest().to_owned()) {
        Some(blob) if blob.size() == size => contents.is_the_one(digest, &blob),
        _ => Ok(false),
    }
}

fn write_document(ingest: &Directory, to: &Directory, name: &Path, text: &[u8]) -> io::Result<()> {
    let mut partial = PartialFile::new(ingest, ".blob.".as_ref())?;
    partial.file.write_all(text)?;
    partial.put(to, name.as_ref())
}

fn unwritten(layout: &Directory, name: &str, source: io::Error) -> AssemblyError {
    AssemblyError::Write {
        path: layout.full_path(name),
        source,
    }
}
