//! A path of an entry, beneath the root and nowhere else.
//!
//! Reads and writes: nothing. Unknown here: what stands at a path (`tree`).

use std::ffi::OsStr;
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
    /// The path that `bytes` mean, or `None` if they lead out or no file system takes them.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        if bytes.first() == Some(&b'/') || bytes.contains(&0) || bytes.len() > LENGTH_LIMIT {
            return None;
        }
        let mut path = Vec::with_capacity(bytes.len());
        let mut depth = 0;
        for component in bytes.split(|byte| *byte == b'/') {
            match component {
                b"" | b"." => continue,
                b".." => return None,
                _ => depth += 1,
            }
            if !path.is_empty() {
                path.push(b'/');
            }
            path.extend_from_slice(component);
        }
        (depth <= DEPTH_LIMIT).then_some(Self(path))
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
    fn paths_are_beneath_the_root_or_none() {
        let long = vec![b'a'; 4096];
        let deep = b"a/".repeat(257);
        let cases: [(&[u8], Option<&[u8]>); 12] = [
            (b"usr/bin/env", Some(b"usr/bin/env")),
            (b"./usr//bin/", Some(b"usr/bin")),
            (b"./", Some(b"")),
            (b"", Some(b"")),
            (b"...", Some(b"...")),
            (b"\xff\n", Some(b"\xff\n")),
            (b"/etc/passwd", None),
            (b"a/../b", None),
            (b"..", None),
            (b"a\0b", None),
            (&long, None),
            (&deep, None),
        ];
        for (bytes, expected) in cases {
            assert_eq!(
                RelativePath::parse(bytes).map(|path| path.0).as_deref(),
                expected
            );
        }
    }
}
