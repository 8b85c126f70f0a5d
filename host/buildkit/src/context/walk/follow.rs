//! Follow paths: paths of which the daemon wants whatever they lead to.
//!
//! `COPY link /` needs the link and its target. Each symlink on such a path, in any component, is resolved by its text
//! alone, with the tree's root for `/`, and becomes an include pattern, as does what it points to.
//!
//! Reads: symlinks, and directories in which a wildcard is to be matched. Writes: nothing.
//! Source: fsutil at 6d9dc2ebad62 (`followlinks.go`).

use std::collections::BTreeSet;

use crate::context::ignore::{Glob, clean};
use crate::context::walk::error::WalkError;
use crate::context::walk::root::{Root, is_nowhere, read_names};

/// The include patterns that the paths come to, sorted; `None` if one of them is the root, which includes everything.
///
/// # Errors
/// [`WalkError::List`] and [`WalkError::Examine`] for what lies on a path; what does not exist is no error.
pub(super) fn resolve(root: &Root, paths: &[Vec<u8>]) -> Result<Option<Vec<Vec<u8>>>, WalkError> {
    let mut resolved = BTreeSet::new();
    // Depth first and in order, because the second path through one link is not followed beyond it, here as there.
    let mut pending: Vec<Vec<u8>> = paths.iter().rev().cloned().collect();
    while let Some(path) = pending.pop() {
        pending.extend(follow(root, &path, &mut resolved)?.into_iter().rev());
    }
    Ok(without_descendants(resolved))
}

/// Leaves out what lies below a path that stands before it; `None` if one of them is the root.
// The paths are not always sorted when they come here, and are not in the source either.
pub(super) fn without_descendants(
    paths: impl IntoIterator<Item = Vec<u8>>,
) -> Option<Vec<Vec<u8>>> {
    let mut kept: Vec<Vec<u8>> = Vec::new();
    for path in paths {
        if path == b"." {
            return None;
        }
        let last = kept.last().map_or(&b""[..], Vec::as_slice);
        let below = path
            .strip_prefix(last)
            .is_some_and(|rest| rest.starts_with(b"/"));
        if !below {
            kept.push(path);
        }
    }
    Some(kept)
}

/// Follows a path to its end or to the first symlink; gives the paths that go on from there.
fn follow(
    root: &Root,
    path: &[u8],
    resolved: &mut BTreeSet<Vec<u8>>,
) -> Result<Vec<Vec<u8>>, WalkError> {
    let path = join(b".", path);
    let mut rest = path.as_slice();
    let mut current = b".".to_vec();
    loop {
        let (component, after) = split_first(rest);
        rest = after;
        current = join(&current, component);
        let targets = targets(root, &current)?;
        if targets.is_empty() {
            if rest.is_empty() {
                resolved.insert(current);
                return Ok(Vec::new());
            }
            continue;
        }
        // This also ends every loop of links.
        if !resolved.insert(current) {
            return Ok(Vec::new());
        }
        return Ok(targets.iter().map(|target| join(target, rest)).collect());
    }
}

/// Where the symlinks point to that a path, or a wildcard in its last component, stands for.
fn targets(root: &Root, path: &[u8]) -> Result<Vec<Vec<u8>>, WalkError> {
    let (directory, name) = split_last(path);
    // Nothing above the root is looked at.
    if path == b"." || path == b".." || path.starts_with(b"../") {
        return Ok(Vec::new());
    }
    if !has_wildcard(name) {
        return Ok(target(root, path)?.into_iter().collect());
    }
    let glob = Glob::new(name);
    let mut names = Vec::new();
    let open = match root.open_directory(directory) {
        Err(error) if is_nowhere(&error) => return Ok(Vec::new()),
        opened => opened,
    };
    let list_error = |source| WalkError::List {
        path: root.full_path(directory),
        source,
    };
    read_names(&open.map_err(list_error)?, |name, _| {
        if glob.matches(name) == Ok(true) {
            names.push(join(directory, name));
        }
        Ok(())
    })?
    .map_err(list_error)?;
    names.sort_unstable();
    let targets = names.iter().map(|path| target(root, path));
    targets.filter_map(Result::transpose).collect()
}

/// Where a symlink points to, from the root on; `None` if there is none.
fn target(root: &Root, path: &[u8]) -> Result<Option<Vec<u8>>, WalkError> {
    let text = root.read_link(path).map_err(|source| WalkError::Examine {
        path: root.full_path(path),
        source,
    })?;
    Ok(text.map(|text| {
        let (directory, _) = split_last(path);
        if text.starts_with(b"/") {
            clean(&text)
        } else {
            clean(&[b"/", directory, b"/", &text].concat())
        }
    }))
}

fn has_wildcard(name: &[u8]) -> bool {
    let mut bytes = name.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => {
                bytes.next();
            }
            b'*' | b'?' | b'[' => return true,
            _ => {}
        }
    }
    false
}

/// Two paths, one after the other and cleaned.
fn join(first: &[u8], second: &[u8]) -> Vec<u8> {
    if first.is_empty() {
        return clean(second);
    }
    clean(&[first, b"/", second].concat())
}

/// The first component and the rest; either may be empty.
fn split_first(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().position(|byte| *byte == b'/') {
        Some(at) => (&path[..at], &path[at + 1..]),
        None => (path, b""),
    }
}

/// The directory, empty for the root, and the name.
fn split_last(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(at) => (&path[..at], &path[at + 1..]),
        None => (b"", path),
    }
}
