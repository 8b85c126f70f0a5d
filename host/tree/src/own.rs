//! What one layer has made so far, as against what lies below it.
//!
//! A whiteout hides what is below, and never what its own layer brings; a path goes through a link of its own layer, and replaces one
//! that is below. Of a path only a hash under a key of this process is kept: nobody can choose two paths that are taken for one.
//!
//! Reads and writes: nothing. Unknown here: what stands at a path.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use crate::path::RelativePath;

/// The most paths of one layer that are kept. The lowest layer, which is the largest as a rule, needs none.
pub(crate) const LIMIT: usize = 1 << 22;

/// The paths that one layer has made so far, and the directories on their way.
#[derive(Debug, Default)]
pub(crate) struct Own {
    key: RandomState,
    /// Of the lowest layer everything is its own.
    is_above: bool,
    paths: HashSet<u64>,
    links: HashSet<u64>,
    /// Directories in which nothing is but what the layer has made.
    bare: HashSet<u64>,
}

impl Own {
    /// Begins the next layer; what was made so far lies below it.
    pub(crate) fn next_layer(&mut self) {
        self.is_above = true;
        self.paths.clear();
        self.links.clear();
        self.bare.clear();
    }

    /// Whether something may lie below what the layer makes.
    pub(crate) fn is_above(&self) -> bool {
        self.is_above
    }

    /// Says that nothing lies below a directory any more; whether that is news.
    pub(crate) fn bare(&mut self, directory: &RelativePath) -> bool {
        self.bare.insert(self.hash(directory))
    }

    /// Whether the layer has made what stands there, or something beneath it.
    pub(crate) fn has(&self, path: &RelativePath) -> bool {
        !self.is_above || path.is_root() || self.paths.contains(&self.hash(path))
    }

    /// Whether the layer has made links.
    pub(crate) fn has_links(&self) -> bool {
        !self.links.is_empty()
    }

    /// Whether the layer has made a link there, which may be gone by now.
    pub(crate) fn has_link(&self, path: &RelativePath) -> bool {
        self.links.contains(&self.hash(path))
    }

    /// Says that the layer has made something there; `None` if it has made too much.
    pub(crate) fn add(&mut self, path: &RelativePath, is_link: bool) -> Option<()> {
        let hash = self.hash(path);
        if is_link {
            self.links.insert(hash);
        } else if self.has_links() {
            self.links.remove(&hash);
        }
        let mut added = path.clone();
        // A directory on the way that is its own has only those above it.
        while self.is_above && !added.is_root() && self.paths.insert(self.hash(&added)) {
            added = added.split().0;
        }
        (self.paths.len() <= LIMIT && self.links.len() <= LIMIT).then_some(())
    }

    fn hash(&self, path: &RelativePath) -> u64 {
        self.key.hash_one(path.as_path().as_os_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_layer_has_made_is_its_own_until_the_next_begins() {
        let path = |text: &str| RelativePath::inside(text.as_bytes()).unwrap();
        let mut own = Own::default();
        own.add(&path("lower/link"), true).unwrap();
        assert!(own.has(&path("anything")) && own.has_link(&path("lower/link")));

        own.next_layer();
        own.add(&path("a/b/c"), false).unwrap();
        own.add(&path("a/link"), true).unwrap();

        let has = ["", "a", "a/b", "a/b/c", "a/link"].map(|text| own.has(&path(text)));
        assert_eq!(has, [true; 5]);
        let has_not = ["lower", "lower/link", "a/b/d"].map(|text| own.has(&path(text)));
        assert_eq!(has_not, [false; 3]);
        assert!(own.has_link(&path("a/link")) && !own.has_link(&path("lower/link")));
        own.add(&path("a/link"), false).unwrap();
        assert!(!own.has_link(&path("a/link")));
        assert!(own.bare(&path("a")) && !own.bare(&path("a")));
    }
}
