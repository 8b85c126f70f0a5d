//! Secrecy: whether a secret shows in a file, a process or a text.

use std::fs;
use std::path::{Path, PathBuf};

use crate::tree;

/// Secrets that may show nowhere but where a test put them.
#[derive(Debug)]
pub struct Secrets(Vec<Vec<u8>>);

impl Secrets {
    /// Watches for these secrets.
    ///
    /// # Panics
    /// If one is so short that it shows by chance.
    #[must_use]
    pub fn new(secrets: impl IntoIterator<Item = impl Into<Vec<u8>>>) -> Self {
        let secrets: Vec<Vec<u8>> = secrets.into_iter().map(Into::into).collect();
        assert!(!secrets.is_empty() && secrets.iter().all(|secret| secret.len() > 9));
        Self(secrets)
    }

    /// Whether one of the secrets is in `bytes`.
    #[must_use]
    pub fn show_in(&self, bytes: &[u8]) -> bool {
        self.0.iter().any(|secret| holds(bytes, secret))
    }

    /// Every file below a directory that holds one of the secrets, sorted.
    ///
    /// # Panics
    /// If the directory cannot be read.
    #[must_use]
    pub fn holders(&self, directory: &Path) -> Vec<PathBuf> {
        let is_file = |path: &PathBuf| fs::symlink_metadata(path).expect("it was found").is_file();
        (tree::paths(directory).iter())
            .map(|path| directory.join(path))
            .filter(is_file)
            .filter(|file| self.show_in(&fs::read(file).expect("a file")))
            .collect()
    }

    /// Command lines and environments of all processes that hold one of the secrets.
    ///
    /// # Panics
    /// If there is no `/proc`.
    #[must_use]
    pub fn telling_processes(&self) -> Vec<PathBuf> {
        let processes = fs::read_dir("/proc").expect("procfs").flatten();
        processes
            .flat_map(|process| ["cmdline", "environ"].map(|file| process.path().join(file)))
            .filter(|file| fs::read(file).is_ok_and(|bytes| self.show_in(&bytes)))
            .collect()
    }
}

/// Whether `text` holds `part`, by Horspool's search: it looks at one byte in `part.len()`, and images are long.
fn holds(text: &[u8], part: &[u8]) -> bool {
    let last = part.len() - 1;
    let mut skip = [part.len(); 256];
    for (at, byte) in part[..last].iter().enumerate() {
        skip[usize::from(*byte)] = last - at;
    }
    let mut end = last;
    while let Some(byte) = text.get(end) {
        if text[end - last..=end] == *part {
            return true;
        }
        end += skip[usize::from(*byte)];
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_found_wherever_they_stand() {
        let secrets = Secrets::new(["abracadabra"]);

        for text in ["abracadabra", "abrabracadabra", "xabracadabracad"] {
            assert!(secrets.show_in(text.as_bytes()), "{text}");
        }
        for text in ["", "abracadabr", "bracadabra abracadabr"] {
            assert!(!secrets.show_in(text.as_bytes()), "{text}");
        }
    }
}
