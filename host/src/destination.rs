//! A destination: a file that somebody wants when a build is over.
//!
//! It is there whole, or as it was before.
//!
//! Writes: the file. Unknown here: what stands in it.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use oci_image::boundary::handle::{Directory, PartialFile, WorkingDirectory};
use oci_image::boundary::outside::shown;

/// Where a file is to be.
pub(crate) struct Destination {
    what: &'static str,
    directory: Directory,
    name: OsString,
    path: PathBuf,
}

/// The file cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the {what} `{}`", shown(path))]
pub(crate) struct DestinationError {
    what: &'static str,
    path: PathBuf,
    source: io::Error,
}

impl Destination {
    /// In the directory of `path`, as it is seen from the working directory; a wrong one costs no build. `what` is how a person knows
    /// the file.
    pub(crate) fn begin(
        what: &'static str,
        from: &WorkingDirectory,
        path: &Path,
    ) -> Result<Self, DestinationError> {
        let full = from.full_path(path);
        let failed = |source| DestinationError {
            what,
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
            what,
            directory: Directory::open(parent).map_err(failed)?,
            name: name.to_owned(),
            path: path.to_owned(),
        })
    }

    /// Writes it; until it is whole, its name begins with `prefix`.
    pub(crate) fn write(self, prefix: &str, text: &str) -> Result<(), DestinationError> {
        let write = || {
            let mut partial = PartialFile::new(&self.directory, OsStr::new(prefix))?;
            partial.write_all(text.as_bytes())?;
            partial.put(&self.directory, &self.name)
        };
        write().map_err(|source| DestinationError {
            what: self.what,
            path: self.path.clone(),
            source,
        })
    }
}
