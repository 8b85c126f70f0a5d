//! Paths of a task: where they lead below its working directory.

use oci_image_boundary::near_miss::distance;
use oci_image_boundary::outside::shown;

/// The longest name that is compared with others, in bytes: a comparison costs the product of the lengths.
const LONGEST: usize = 64;
/// How many characters of a name are told.
const TOLD: usize = 80;

/// A path below the working directory, in its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TaskPath(Vec<String>);

impl TaskPath {
    /// Where a path leads that is seen from a directory; nothing if that is not below the working directory.
    pub(super) fn of(directory: &str, path: &str) -> Option<Self> {
        if directory.starts_with('/') || path.starts_with('/') {
            return None;
        }
        let mut parts = Vec::new();
        for part in directory.split('/').chain(path.split('/')) {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop()?;
                }
                part => parts.push(part.to_owned()),
            }
        }
        Some(Self(parts))
    }

    /// Whether it is the working directory itself.
    pub(super) fn is_top(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of the two is within the other.
    pub(super) fn touches(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(one, other)| one == other)
    }

    /// Whether it is another, or within it.
    pub(super) fn is_in(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }

    /// Its first part, and the others.
    pub(super) fn split(&self) -> Option<(&str, String)> {
        let (first, rest) = self.0.split_first()?;
        Some((first, rest.join("/")))
    }
}

/// A text from a pipeline as a message has it.
pub(super) fn quoted(text: &str) -> String {
    let mut clipped: String = text.chars().take(TOLD).collect();
    if clipped.len() < text.len() {
        clipped.push('…');
    }
    format!("`{}`", shown(&clipped).to_string().replace('\n', "\\n"))
}

/// Of several names the one that was probably meant by another.
pub(super) fn nearest<'n>(sought: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    if sought.len() > LONGEST {
        return None;
    }
    let near = names
        .filter(|name| name.len() <= LONGEST)
        .filter_map(|name| Some((distance(sought, name)?, name)));
    near.min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_below_the_working_directory_or_nowhere() {
        let path = |directory, path| TaskPath::of(directory, path);
        let is = |parts: &[&str]| Some(TaskPath(parts.iter().map(|&one| one.into()).collect()));
        assert_eq!(path("", "./a//b/"), is(&["a", "b"]));
        assert_eq!(path("a/x", "../b"), is(&["a", "b"]));
        assert_eq!(path("", "."), is(&[]));
        for (directory, outside) in [("", "/a"), ("/a", "b"), ("a", "../../b")] {
            assert_eq!(path(directory, outside), None);
        }
        let of = |text| path("", text).unwrap();
        assert!(of("a").touches(&of("a/b")) && of("a/b").touches(&of("a")));
        assert!(of(".").touches(&of("a")) && !of("ab").touches(&of("a")));
        assert!(of("a/b").is_in(&of("a")) && !of("a").is_in(&of("a/b")));
        assert_eq!(of("a/b/c").split(), Some(("a", "b/c".to_owned())));
    }
}
