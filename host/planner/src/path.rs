//! Paths as texts: compared without what means nothing, and told from those that lead elsewhere.
//!
//! Reads and writes: nothing. Unknown here: the object.

use std::path::{Component, Path, PathBuf};

/// A path without `./`, doubled and trailing slashes; `.` if nothing is left.
pub(super) fn normal(path: &str) -> PathBuf {
    let normal: PathBuf = Path::new(path)
        .components()
        .filter(|component| *component != Component::CurDir)
        .collect();
    if normal.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        normal
    }
}

/// A name that is one path component: not `..`, not `a/b`, not absolute.
pub(super) fn single(name: &str) -> Option<PathBuf> {
    let mut components = Path::new(name).components();
    match (components.next(), components.next()) {
        (Some(Component::Normal(only)), None) if only == name => Some(PathBuf::from(name)),
        _ => None,
    }
}

/// The directory that a path is in.
pub(super) fn parent(path: &str) -> &str {
    let parent = Path::new(path).parent().and_then(Path::to_str);
    parent.filter(|parent| !parent.is_empty()).unwrap_or(".")
}
