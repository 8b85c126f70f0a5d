//! The working directory of a build, and the paths that its plan names, each followed from there once.
//!
//! A symbolic link may lead anywhere, because whoever wrote the request answers for it; where one leaves the working directory,
//! and the request does not say so itself, that is told.
//!
//! Reads: what stands at the paths. Writes: nothing. Unknown here: what they are for.

use std::io;
use std::path::{Component, Path, PathBuf};

use crate::boundary::handle::{Directory, Found, WorkingDirectory};
use crate::boundary::outside::shown;
use crate::executor::error::BuildError;

/// A working directory, and what leads out of it without being written so.
pub(super) struct Work {
    directory: Directory,
    real: Option<PathBuf>,
    /// What a person should know of the paths that were followed.
    pub(super) warnings: Vec<String>,
}

impl Work {
    /// Begins at a working directory. Blocking.
    pub(super) fn new(directory: &WorkingDirectory) -> Self {
        let directory = directory.handle().clone();
        Self {
            real: directory.real_path(),
            directory,
            warnings: Vec::new(),
        }
    }

    /// Follows a path that the plan names to a directory.
    pub(super) fn directory(
        &mut self,
        what: &'static str,
        path: &str,
    ) -> Result<Directory, BuildError> {
        let opened = self.directory.directory(path);
        let opened = opened.map_err(|source| unopened(what, path.as_ref(), source))?;
        self.warn(path, opened.real_path());
        Ok(opened)
    }

    /// Follows a path that the plan names to whatever stands there.
    pub(super) fn find(&mut self, path: &str) -> io::Result<Found> {
        let found = Found::open_in(&self.directory, path)?;
        self.warn(path, found.real_path());
        Ok(found)
    }

    /// The directory itself.
    pub(super) fn handle(&self) -> &Directory {
        &self.directory
    }

    /// Warns of a path that leads out of the working directory, unless it says so itself.
    pub(super) fn warn(&mut self, path: &str, real: Option<PathBuf>) {
        let says_so = |part| matches!(part, Component::RootDir | Component::ParentDir);
        let (Some(real), Some(work)) = (real, &self.real) else {
            return;
        };
        if real.starts_with(work) || Path::new(path).components().any(says_so) {
            return;
        }
        let (path, real) = (shown(path), shown(&real));
        let warning = format!(
            "a symbolic link takes `{path}` out of the working directory, to `{real}`: that is what is used"
        );
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }
}

/// The failure of a path that cannot be followed.
pub(super) fn unopened(what: &'static str, path: &Path, source: io::Error) -> BuildError {
    BuildError::Open {
        what,
        path: path.to_owned(),
        source,
    }
}
