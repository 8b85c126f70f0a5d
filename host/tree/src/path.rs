//! A path of an entry, beneath the root and nowhere else.
//!
//! Reads and writes: nothing. Unknown here: what stands at a path (`tree`).

use std::ffi::OsStr;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The longest path, in bytes: what Linux takes as one (`PATH_MAX` without its NUL).
pub(crate) const LENGTH_LIMIT: usize = 4095;

/// The deepest path, in components. Each is a directory that stays open, and a process has 1024 files at least.
pub(crate) const DEPTH_LIMIT: usize = 256;

/// A path beneath the root: components joined by `/`, none of them empty, `.` or `..`. The root is the empty path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RelativePath(Vec<u8>);

impl RelativePath {
    /// The path that `bytes` mean to who unpacks a layer: nothing is above the root, and `..` takes back what was written before it.
    /// `None` if no file system takes it.
    pub(crate) fn inside(bytes: &[u8]) -> Option<Self> {
        if bytes.contains(&0) || bytes.len() > LENGTH_LIMIT {
            return None;
        }
        let mut path = Self::root();
        for component in bytes.split(|byte| *byte == b'/') {
            path.step(component);
        }
        path.fits().then_some(path)
    }

    /// The path that `bytes` are; `None` if they lead up or begin above the tree too.
    pub(crate) fn strict(bytes: &[u8]) -> Option<Self> {
        let mut components = bytes.split(|byte| *byte == b'/');
        let leads_out = bytes.starts_with(b"/") || components.any(|component| component == b"..");
        (!leads_out).then(|| Self::inside(bytes)).flatten()
    }

    /// Goes one component further, or up.
    fn step(&mut self, component: &[u8]) {
        match component {
            b"" | b"." => {}
            b".." => *self = self.split().0,
            _ => {
                if !self.is_root() {
                    self.0.push(b'/');
                }
                self.0.extend_from_slice(component);
            }
        }
    }

    /// Whether it is within the limits.
    pub(crate) fn fits(&self) -> bool {
        self.0.len() <= LENGTH_LIMIT && self.components().count() <= DEPTH_LIMIT
    }

    /// This one with a component more, or one less.
    pub(crate) fn after(&self, component: &[u8]) -> Self {
        let mut path = self.clone();
        path.step(component);
        path
    }

    /// All paths beneath it, in their order.
    pub(crate) fn beneath(&self) -> Range<Self> {
        let with = |end: &[u8]| Self([&self.0, end].concat());
        // What follows a slash.
        with(b"/")..with(b"0")
    }

    pub(crate) fn root() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn as_path(&self) -> &Path {
        Path::new(OsStr::from_bytes(&self.0))
    }

    pub(crate) fn components(&self) -> impl Iterator<Item = &[u8]> {
        self.0
            .split(|byte| *byte == b'/')
            .filter(|component| !component.is_empty())
    }

    /// The path of the directory above, and the name in it; of the root, the root and no name.
    pub(crate) fn split(&self) -> (Self, &[u8]) {
        match self.0.iter().rposition(|byte| *byte == b'/') {
            Some(slash) => (Self(self.0[..slash].to_vec()), &self.0[slash + 1..]),
            None => (Self(Vec::new()), &self.0),
        }
    }

    /// The directory on the way whose path is the first `length` bytes of this one.
    pub(crate) fn up_to(&self, length: usize) -> Self {
        Self(self.0[..length].to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_beneath_the_root_whatever_they_say() {
        let long = vec![b'a'; 4096];
        let deep = b"a/".repeat(257);
        let cases: [(&[u8], Option<&[u8]>); 13] = [
            (b"usr/bin/env", Some(b"usr/bin/env")),
            (b"./usr//bin/", Some(b"usr/bin")),
            (b"./", Some(b"")),
            (b"", Some(b"")),
            (b"...", Some(b"...")),
            (b"\xff\n", Some(b"\xff\n")),
            (b"/etc/passwd", Some(b"etc/passwd")),
            (b"a/../b", Some(b"b")),
            (b"../../b", Some(b"b")),
            (b"..", Some(b"")),
            (b"a\0b", None),
            (&long, None),
            (&deep, None),
        ];
        for (bytes, expected) in cases {
            let path = RelativePath::inside(bytes);
            assert_eq!(path.map(|path| path.0).as_deref(), expected);
        }
    }

    #[test]
    fn strict_paths_lead_nowhere_else() {
        let strict = |text: &str| RelativePath::strict(text.as_bytes()).map(|path| path.0);
        assert_eq!(strict("./a//b...").as_deref(), Some(&b"a/b..."[..]));
        assert_eq!(
            ["/a", "a/../b", "..", "a/..", "a\0"].map(strict),
            [const { None }; 5]
        );
    }

    #[test]
    fn what_is_beneath_a_directory_is_not_what_begins_so() {
        let path = |text: &str| RelativePath::inside(text.as_bytes()).unwrap();
        let beneath = |other: &str| path("a/b").beneath().contains(&path(other));
        let found = ["a/b/c", "a/b/c/d", "a/b", "a/bc", "a/b-/c", "a"].map(beneath);
        assert_eq!(found, [true, true, false, false, false, false]);
    }
}
