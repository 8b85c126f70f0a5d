//! Names in the build context, to explain a path that COPY did not find.
//!
//! As of what is sent to the daemon, nothing leads out of the context: what a link in it points at outside is not named.
//!
//! Reads: directories of the context. Writes: nothing.

use std::path::{Component, Path, PathBuf};

use crate::boundary::handle::Directory;
use crate::progress::ContextName;

/// How many names of a directory are looked at.
const MOST_NAMES: usize = 10_000;

/// The names in a directory below the context, each with whether it is left out; none where it leaves the context or cannot be
/// read. `is_excluded` judges a path below the context, without links in its directories.
pub(super) fn names(
    context: &Directory,
    directory: &str,
    is_excluded: impl Fn(&Path) -> bool,
) -> Vec<ContextName> {
    let Some(directory) = real(context, directory) else {
        return Vec::new();
    };
    // The context itself is `.`, because no path is empty.
    let Ok(entries) = context.beneath().read_dir(Path::new(".").join(&directory)) else {
        return Vec::new();
    };
    let mut names: Vec<ContextName> = entries
        .take(MOST_NAMES)
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .map(|name| ContextName {
            excluded: is_excluded(&directory.join(&name)),
            name,
        })
        .collect();
    names.sort_by(|one, other| one.name.cmp(&other.name));
    names
}

/// Where a path below the context leads, without links; `None` where it leaves the context, or nothing stands there.
pub(super) fn real(context: &Directory, path: &str) -> Option<PathBuf> {
    let below = Path::new(if path.is_empty() { "." } else { path });
    let is_below = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    if !below.components().all(is_below) {
        return None;
    }
    let real = context.beneath().canonicalize(below).ok()?;
    // The context itself again.
    let is_here = |part: &Component<'_>| *part == Component::CurDir;
    Some(real.components().filter(|part| !is_here(part)).collect())
}
