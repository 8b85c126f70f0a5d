//! Names in the build context, to explain a path that COPY did not find.
//!
//! As of what is sent to the daemon, nothing leads out of the context: what a link in it points at outside is not named.
//!
//! Reads: directories of the context. Writes: nothing.

use std::path::{Component, Path};

use cap_std::ambient_authority;
use cap_std::fs::Dir;

use crate::progress::ContextName;

/// How many names of a directory are looked at.
const MOST_NAMES: usize = 10_000;

/// The names in a directory below the context; none where it leaves the context or cannot be read.
#[must_use]
pub fn names(context: &Path, directory: &str) -> Vec<ContextName> {
    // The context itself is `.`, because no path is empty.
    let below = Path::new(if directory.is_empty() { "." } else { directory });
    if !below
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
    {
        return Vec::new();
    }
    let entries = Dir::open_ambient_dir(context, ambient_authority())
        .and_then(|context| context.read_dir(below));
    let Ok(entries) = entries else {
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
