//! A tree: what stands below a directory.

use std::fs;
use std::path::{Path, PathBuf};

/// The directory itself, as the empty path, and every path below it, sorted. No link is followed.
///
/// # Panics
/// If one cannot be read, or the directory is not there.
#[must_use]
pub fn paths(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(path) = open.pop() {
        if is_directory(&path) {
            let entries = fs::read_dir(&path).expect("a directory");
            open.extend(entries.map(|entry| entry.expect("an entry").path()));
        }
        let below = path
            .strip_prefix(root)
            .expect("it was found below the root");
        found.push(below.to_owned());
    }
    found.sort();
    found
}

fn is_directory(path: &Path) -> bool {
    let metadata = fs::symlink_metadata(path);
    let metadata = metadata.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    metadata.is_dir()
}
