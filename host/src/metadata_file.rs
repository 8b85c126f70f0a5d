//! The file of `--metadata-file`: what a build has come to, as JSON.
//!
//! It is there when the build is done, whole, and otherwise as it was.
//!
//! Writes: the file.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use oci_image::boundary::handle::{Directory, PartialFile, WorkingDirectory};
use oci_image::boundary::outside::shown;
use oci_image::executor::Outcome;

use crate::ending;

/// A place for what a build will come to.
pub(crate) struct MetadataFile {
    directory: Directory,
    name: OsString,
    path: PathBuf,
}

/// The file cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the metadata file `{}`", shown(path))]
pub(crate) struct MetadataFileError {
    path: PathBuf,
    source: io::Error,
}

impl MetadataFile {
    /// In the directory of `path`, as it is seen from the working directory; a wrong one costs no build.
    pub(crate) fn begin(from: &WorkingDirectory, path: &Path) -> Result<Self, MetadataFileError> {
        let full = from.full_path(path);
        let failed = |source| MetadataFileError {
            path: path.to_owned(),
            source,
        };
        let Some((parent, name)) = full.parent().zip(full.file_name()) else {
            return Err(failed(io::ErrorKind::InvalidFilename.into()));
        };
        if full.is_dir() {
            return Err(failed(io::ErrorKind::IsADirectory.into()));
        }
        Ok(Self {
            directory: Directory::open(parent).map_err(failed)?,
            name: name.to_owned(),
            path: path.to_owned(),
        })
    }

    /// Writes it.
    pub(crate) fn write(self, outcome: &Outcome) -> Result<(), MetadataFileError> {
        let document = ending::document(outcome);
        let mut text = serde_json::to_string_pretty(&document)
            .expect("a result has only names as keys, and finite numbers");
        text.push('\n');
        let write = || {
            let mut partial = PartialFile::new(&self.directory, ".metadata.".as_ref())?;
            partial.write_all(text.as_bytes())?;
            partial.put(&self.directory, &self.name)
        };
        write().map_err(|source| MetadataFileError {
            path: self.path.clone(),
            source,
        })
    }
}
