//! A machine: the directory that holds the files by which it tells what it is, `proc` and `sys` among them.
//!
//! Reads: those files. Writes: nothing.

use std::fs;
use std::path::{Path, PathBuf};

/// The root of a machine's files.
pub(super) struct Machine(PathBuf);

impl Machine {
    /// The one that this process is on.
    pub(super) fn here() -> Self {
        Self("/".into())
    }

    /// The one whose files stand in a directory.
    #[cfg(test)]
    pub(super) fn at(directory: &Path) -> Self {
        Self(directory.to_owned())
    }

    /// The text of a file; none if it cannot be read.
    pub(super) fn text(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.path(path)).ok()
    }

    /// The sorted names in a directory; none if it cannot be listed.
    pub(super) fn names(&self, path: &str) -> Option<Vec<String>> {
        let entries = fs::read_dir(self.path(path)).ok()?.flatten();
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect();
        names.sort();
        Some(names)
    }

    /// A line of what it says of this process, `CapEff:\t00ff`, without its name.
    pub(super) fn status(&self, name: &str) -> Option<String> {
        let status = self.text("proc/self/status")?;
        let mut fields = status.lines().filter_map(|line| line.split_once(':'));
        let (_, value) = fields.find(|(field, _)| *field == name)?;
        Some(value.trim().to_owned())
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.join(Path::new(path))
    }
}

/// A machine of these files, for tests.
#[cfg(test)]
pub(super) fn of(files: &[(&str, &str)]) -> (tempfile::TempDir, Machine) {
    let directory = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = directory.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let machine = Machine::at(directory.path());
    (directory, machine)
}
