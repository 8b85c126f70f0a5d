//! Names in the build context, to explain a path that COPY did not find.
//!
//! Reads: directories of the context. Writes: nothing.

use std::fs;
use std::path::{Component, Path};

use crate::progress::ContextName;

/// How many names of a directory are looked at.
const MOST_NAMES: usize = 10_000;

/// The names in a directory below the context; none where it leaves the context or cannot be read.
#[must_use]
pub fn names(context: &Path, directory: &str) -> Vec<ContextName> {
    let below = Path::new(directory);
    if !below
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
    {
        return Vec::new();
    }
    let Ok(entries) = fs::read_dir(context.join(below)) else {
        return Vec::new();
    };
    let mut names: Vec<ContextName> = entries
        .take(MOST_NAMES)
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .map(|name| ContextName {
            name,
            excluded: false,
        })
        .collect();
    names.sort_by(|one, other| one.name.cmp(&other.name));
    names
}
