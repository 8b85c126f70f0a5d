//! A walk through what a cache holds: each directory before what is in it, names in order.
//!
//! Reads: the cache, by paths below the working directory. Writes: nothing. Unknown here: what entries are good for.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use oci_image_boundary::outside::shown;
use walkdir::WalkDir;

use crate::entry::Entry;

/// Where what is being restored stands until it is whole. It is no part of a cache.
pub(crate) const PARTIAL: &str = ".restoring";

/// What the walk meets cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read `{}`", shown(path))]
pub(crate) struct WalkError {
    path: PathBuf,
    source: io::Error,
}

impl WalkError {
    pub(crate) fn at(path: &Path, source: io::Error) -> Self {
        Self {
            path: path.to_owned(),
            source,
        }
    }
}

/// Gives all entries of the working directory, itself first, to `take`.
pub(crate) fn walk<E: From<WalkError>>(
    mut take: impl FnMut(&Path, &Entry) -> Result<(), E>,
) -> Result<(), E> {
    let mut earlier: BTreeMap<(u64, u64), Vec<u8>> = BTreeMap::new();
    let walk = WalkDir::new(".").sort_by_file_name().into_iter();
    for found in walk.filter_entry(|entry| entry.depth() != 1 || entry.file_name() != PARTIAL) {
        let found = found.map_err(|error| {
            let path = error.path().unwrap_or(Path::new(".")).to_owned();
            WalkError::at(&path, error.into())
        })?;
        let path = match found.depth() {
            0 => Path::new("."),
            _ => found.path().strip_prefix(".").unwrap_or(found.path()),
        };
        let metadata = found
            .metadata()
            .map_err(|error| WalkError::at(path, error.into()))?;
        let file = (metadata.dev(), metadata.ino());
        let entry = Entry::at(path, &metadata, earlier.get(&file).map(Vec::as_slice));
        let Some(entry) = entry.map_err(|error| WalkError::at(path, error))? else {
            continue;
        };
        // Directories have a link from each that is in them.
        if metadata.nlink() > 1 && !metadata.is_dir() {
            let name = path.as_os_str().as_bytes();
            earlier.entry(file).or_insert_with(|| name.to_vec());
        }
        take(path, &entry)?;
    }
    Ok(())
}
