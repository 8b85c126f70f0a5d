//! Which cache it is: its id in the daemon, and what it begins with.

use oci_image_boundary::hex::hex;
use oci_image_buildkit::cache_mount::{CacheMount, CacheOrigin};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// How many characters of an id are in the name of its archive.
const READABLE: usize = 40;

/// How many bytes of a hash are in it: enough for no two ids of one Dockerfile to have the same.
const HASH: usize = 8;

/// Which cache it is, to the daemon.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key {
    /// Its id in the daemon, behind its namespace.
    pub id: String,
    /// What it begins with.
    pub origin: CacheOrigin,
}

impl Key {
    /// That of a mount; `None` if no step of ours finds its cache.
    #[must_use]
    pub fn of(mount: &CacheMount) -> Option<Self> {
        Some(Self {
            id: mount.id.clone(),
            origin: mount.origin?,
        })
    }

    /// The name of its archive, without what all have at the end: the id as far as it can be a name, and a hash of all of it.
    pub(crate) fn name(&self) -> String {
        let plain = |character: char| match character {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-' | '_' => character,
            _ => '-',
        };
        let readable: String = self.id.chars().map(plain).take(READABLE).collect();
        let readable = readable.trim_matches(['-', '.']);
        let key = serde_json::to_vec(self).expect("a key has no map");
        let hash = hex(&Sha256::digest(key)[..HASH]);
        format!("{readable}-{hash}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str) -> Key {
        Key {
            id: id.to_owned(),
            origin: CacheOrigin::Empty,
        }
    }

    #[test]
    fn names_can_be_read_and_are_names_whatever_an_id_is() {
        let long = "x".repeat(300);
        for (id, readable) in [
            ("//root/.cache/go-build", "root-.cache-go-build"),
            ("ns/go", "ns-go"),
            ("/../../etc/passwd", "etc-passwd"),
            ("/\u{e9}\n", ""),
            (&long, &long[..40]),
        ] {
            let name = key(id).name();
            let (found, hash) = name.rsplit_once('-').unwrap();
            assert_eq!(found, readable, "{id}");
            assert_eq!(hash.len(), 16, "{id}");
        }
    }

    #[test]
    fn caches_that_begin_with_another_thing_are_others() {
        let owned = Key {
            origin: CacheOrigin::Directory {
                uid: 1,
                gid: 0,
                mode: 0o755,
            },
            ..key("/a")
        };

        assert_ne!(owned.name(), key("/a").name());
        assert_ne!(key("/a b").name(), key("/a-b").name());
    }
}
