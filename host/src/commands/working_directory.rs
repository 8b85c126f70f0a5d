//! Where the paths of a request begin.

use std::io;
use std::path::{Path, PathBuf};

use oci_image::boundary::handle::WorkingDirectory;
use oci_image::boundary::outside::shown;

use crate::failure::Failure;

/// The working directory: the one that is named, else that of this process.
pub(super) fn working_directory(named: Option<&Path>) -> Result<WorkingDirectory, Failure> {
    let Some(directory) = named else {
        return WorkingDirectory::current().map_err(|error| Failure::Engine(Box::new(error)));
    };
    WorkingDirectory::open(directory).map_err(|source| {
        Failure::Usage(Box::new(Enter {
            directory: directory.to_owned(),
            source,
        }))
    })
}

#[derive(Debug, thiserror::Error)]
#[error("cannot use `{}` as the working directory", shown(directory))]
struct Enter {
    directory: PathBuf,
    source: io::Error,
}
