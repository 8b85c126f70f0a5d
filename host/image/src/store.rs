//! The files of an image by name: the entries of a tar archive, or what lies below a directory.
//!
//! No name leaves the archive or the directory, whatever it says.
//!
//! Reads: documents up to [`DOCUMENT_LIMIT`]. Writes: nothing. Unknown here: what the names mean.

use std::io;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use oci_image_boundary::cancel::Cancel;
use oci_image_boundary::handle::{Directory, Found};

use crate::blob::{Blob, Content};
use crate::document;
use crate::effort::Effort;
use crate::error::ImageError;
use crate::members::Members;

/// The largest JSON document that is read into memory, in bytes; registries need not take larger manifests either
/// (OCI distribution-spec 1.1, `Pushing Manifests`).
pub(super) const DOCUMENT_LIMIT: u64 = 4 << 20;

/// The files of an image, and what reading them has cost.
pub(super) struct Store {
    path: PathBuf,
    files: Files,
    pub(super) effort: Effort,
    /// Whether what is read is still wanted.
    pub(super) cancel: Cancel,
}

enum Files {
    Archive(Members),
    Directory(Directory),
}

impl Store {
    /// The files of what was found at a path: an archive or a directory.
    pub(super) fn open(found: Found, path: &Path, cancel: &Cancel) -> Result<Self, ImageError> {
        let mut effort = Effort::default();
        let files = match found {
            Found::Directory(directory) => Files::Directory(directory),
            Found::File(file) => {
                let (members, read) = Members::of(path, file.file(), cancel)?;
                effort.read += read;
                Files::Archive(members)
            }
            Found::Socket(_) | Found::Other(_) => {
                return Err(ImageError::NotAnImage { path: path.into() });
            }
        };
        Ok(Self {
            path: path.into(),
            files,
            effort,
            cancel: cancel.clone(),
        })
    }

    /// The archive or directory.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether something stands under that name.
    pub(super) fn holds(&self, name: &str) -> bool {
        match &self.files {
            Files::Archive(members) => members.holds(name),
            Files::Directory(directory) => directory.beneath().exists(name),
        }
    }

    /// The file of that name, not yet read.
    pub(super) fn blob(&self, name: &str) -> Result<Blob, ImageError> {
        match &self.files {
            Files::Archive(members) => members.blob(&self.path, name),
            Files::Directory(directory) => {
                let metadata = directory
                    .beneath()
                    .metadata(name)
                    .map_err(|source| match source.kind() {
                        io::ErrorKind::NotFound => ImageError::Missing {
                            path: self.path.clone(),
                            entry: name.into(),
                        },
                        _ => self.unreadable(name, source),
                    })?;
                if !metadata.is_file() {
                    return Err(ImageError::NotAFile {
                        path: self.path.clone(),
                        entry: name.into(),
                    });
                }
                let content = Content::Named {
                    directory: directory.clone(),
                    name: name.into(),
                };
                Ok(Blob::new(metadata.len(), content))
            }
        }
    }

    /// The whole content of a file of at most [`DOCUMENT_LIMIT`] bytes.
    pub(super) fn document(&mut self, name: &str) -> Result<Vec<u8>, ImageError> {
        let blob = self.blob(name)?;
        let size = blob.size();
        if size > DOCUMENT_LIMIT {
            let (path, entry) = (self.path.clone(), name.into());
            return Err(ImageError::TooLarge {
                path,
                entry,
                size,
                limit: DOCUMENT_LIMIT,
            });
        }
        self.start_of(
            name,
            &blob,
            usize::try_from(size).expect("at most DOCUMENT_LIMIT"),
        )
    }

    /// Parses a document that was read under that name.
    pub(super) fn parse<T: DeserializeOwned>(
        &self,
        name: &str,
        bytes: &[u8],
    ) -> Result<T, ImageError> {
        document::parse(bytes).map_err(|source| ImageError::Json {
            path: self.path.clone(),
            entry: name.into(),
            source,
        })
    }

    /// The first `count` bytes of a file, or all of it where it is shorter.
    pub(super) fn start_of(
        &mut self,
        name: &str,
        blob: &Blob,
        count: usize,
    ) -> Result<Vec<u8>, ImageError> {
        let mut bytes = vec![
            0;
            usize::try_from(blob.size())
                .unwrap_or(usize::MAX)
                .min(count)
        ];
        let read = blob
            .open()
            .and_then(|reader| reader.read_exact_at(&mut bytes, 0));
        read.map_err(|source| self.unreadable(name, source))?;
        self.effort.read += bytes.len() as u64;
        Ok(bytes)
    }

    /// An error of reading the file of that name.
    pub(super) fn unreadable(&self, name: &str, source: io::Error) -> ImageError {
        ImageError::Read {
            path: self.path.clone(),
            entry: name.into(),
            source,
        }
    }
}
