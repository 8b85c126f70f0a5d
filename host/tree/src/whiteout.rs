//! Whiteouts: names of entries that hide what lies below their layer.
//!
//! Reads and writes: nothing.
//! Source: OCI image-spec 1.1, `layer`; containerd v2, `pkg/archive`.

/// What begins the name of each.
const PREFIX: &[u8] = b".wh.";
/// The name of that which hides all of its directory.
const OPAQUE: &[u8] = b".wh..wh..opq";
/// What begins the names that aufs kept for itself.
const META: &[u8] = b".wh..wh.";

/// What the name of an entry says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Whiteout {
    /// Nothing of this name is below.
    Of(Vec<u8>),
    /// Nothing is below in its directory.
    OfAll,
    /// Nothing to anybody.
    Meaningless,
    /// The name of nothing that could be below.
    Invalid,
}

impl Whiteout {
    /// What the last part of a path says; `None` of an ordinary one.
    pub(crate) fn of(name: &[u8]) -> Option<Self> {
        let hidden = name.strip_prefix(PREFIX)?;
        Some(match (name, hidden) {
            (OPAQUE, _) => Self::OfAll,
            (_, b"" | b"." | b"..") => Self::Invalid,
            _ if name.starts_with(META) => Self::Meaningless,
            _ => Self::Of(hidden.to_vec()),
        })
    }

    /// Whether a directory of this name is one that aufs kept for itself.
    pub(crate) fn is_meta(name: &[u8]) -> bool {
        name.starts_with(META)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_is_hidden() {
        let cases: [(&[u8], Option<Whiteout>); 9] = [
            (b"file", None),
            (b".whale", None),
            (b".wh.file", Some(Whiteout::Of(b"file".to_vec()))),
            (b".wh..hidden", Some(Whiteout::Of(b".hidden".to_vec()))),
            (b".wh..wh..opq", Some(Whiteout::OfAll)),
            (b".wh..wh.plnk", Some(Whiteout::Meaningless)),
            (b".wh.", Some(Whiteout::Invalid)),
            (b".wh..", Some(Whiteout::Invalid)),
            (b".wh...", Some(Whiteout::Invalid)),
        ];
        for (name, expected) in cases {
            assert_eq!(Whiteout::of(name), expected, "{}", name.escape_ascii());
        }
    }
}
