//! Where the path of an entry leads: through links of its own layer, and never out of the tree.
//!
//! Reads: links. Writes: nothing. Unknown here: entries.

use crate::own::Own;
use crate::path::RelativePath;
use crate::tree::Tree;

/// How many links a path may lead through; containerd follows as many.
const LINKS_LIMIT: usize = 255;

/// The path without links on the way; `None` if no file system takes it. The last part is not followed.
pub(crate) fn resolved(path: &[u8], own: &Own, tree: &Tree) -> Option<RelativePath> {
    let written = RelativePath::inside(path)?;
    if !own.has_links() {
        return Some(written);
    }
    let (directory, name) = written.split();
    let mut followed = 0;
    let mut resolved = RelativePath::root();
    let mut left: Vec<Vec<u8>> = directory.components().map(<[u8]>::to_vec).collect();
    left.reverse();
    while let Some(component) = left.pop() {
        let further = resolved.after(&component);
        let link = own.has_link(&further).then(|| tree.link(&further));
        let Some(to) = link.flatten() else {
            resolved = further;
            if !resolved.fits() {
                return None;
            }
            continue;
        };
        followed += 1;
        if followed > LINKS_LIMIT {
            return None;
        }
        if to.starts_with(b"/") {
            resolved = RelativePath::root();
        }
        left.extend(to.split(|byte| *byte == b'/').rev().map(<[u8]>::to_vec));
    }
    let resolved = resolved.after(name);
    resolved.fits().then_some(resolved)
}
