//! A local: a directory that a solve offers to the daemon under a name.
//!
//! Reads: the machine's identity, for the key under which the daemon keeps a context's last snapshot.
//! Writes: nothing. Unknown here: how the directory travels (`filesync`).

use std::fs;

use sha2::{Digest, Sha256};

use crate::context::walk::Patterns;
use oci_image_boundary::handle::Directory;
use oci_image_boundary::hex::hex;

/// A directory offered to the daemon under a name: `context`, `dockerfile`.
#[derive(Debug, Clone)]
pub struct Local {
    /// The name by which the daemon asks for it.
    pub name: String,
    /// The directory.
    pub directory: Directory,
}

/// What the daemon asks of a local.
#[derive(Debug, Clone)]
pub struct LocalQuestion {
    /// The local.
    pub local: Local,
    /// Which entries of it.
    pub patterns: Patterns,
}

/// All that is expected to be asked.
#[derive(Debug)]
pub(crate) struct Questions(pub(super) Vec<LocalQuestion>);

impl Questions {
    /// Whether what answers `patterns` is part of what answers one of these.
    pub(super) fn cover(&self, name: &str, patterns: &Patterns) -> bool {
        self.0
            .iter()
            .any(|question| covers(question, name, patterns))
    }
}

fn covers(question: &LocalQuestion, name: &str, patterns: &Patterns) -> bool {
    let asked = &question.patterns;
    if question.local.name != name || asked.exclude != patterns.exclude {
        return false;
    }
    // Without includes, all but what is excluded is covered: any part of that is.
    if asked.include.is_empty() && asked.follow.is_empty() {
        return true;
    }
    let mut wanted = patterns.include.iter().chain(&patterns.follow).peekable();
    wanted.peek().is_some() && wanted.all(|path| asked.follow.contains(path))
}

/// The key that tells the daemon that two sessions offer the same directories.
///
/// The daemon keeps the last snapshot of a local by this key, so that the next sync sends only what changed.
// The machine is part of the key because a remote daemon serves many, each with its own `/src`.
pub(crate) fn shared_key(locals: &[Local]) -> String {
    let mut hash = Sha256::new();
    hash.update(machine_identity());
    for local in locals {
        // Where that cannot be told the path keeps its spelling: the key only saves time.
        let real = local.directory.real_path();
        let path = real.unwrap_or_else(|| local.directory.path().to_owned());
        hash.update([0]);
        hash.update(local.name.as_bytes());
        hash.update([0]);
        hash.update(path.as_os_str().as_encoded_bytes());
    }
    hex(&hash.finalize())
}

/// What tells this machine from others; empty where it has no identity, for example in a minimal container.
fn machine_identity() -> Vec<u8> {
    ["/etc/machine-id", "/proc/sys/kernel/hostname"]
        .iter()
        .filter_map(|path| fs::read(path).ok())
        .find(|identity| !identity.is_empty())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(name: &str, path: &str) -> Local {
        Local {
            name: name.into(),
            directory: Directory::open(path).unwrap(),
        }
    }

    #[test]
    fn the_shared_key_is_the_same_for_two_spellings_of_a_path() {
        let plain = shared_key(&[local("context", "/tmp")]);
        let detour = shared_key(&[local("context", "/tmp/../tmp/.")]);

        assert_eq!(plain, detour);
        assert_eq!(plain.len(), 64);
    }

    #[test]
    fn the_shared_key_differs_by_name_and_by_path() {
        let context = shared_key(&[local("context", "/tmp")]);

        assert_ne!(context, shared_key(&[local("dockerfile", "/tmp")]));
        assert_ne!(context, shared_key(&[local("context", "/usr")]));
    }
}
