//! The working directory of a request, as a value: where the paths begin that the request names.
//!
//! Reads: where this process stands, if that is asked for. Writes: nothing.

use std::env;
use std::io;
use std::path::{Path, PathBuf};

use super::directory::{Directory, real_path};

/// A working directory: held open, and known by where it is. Clones share the handle.
///
/// ```
/// use oci_image_boundary::handle::WorkingDirectory;
///
/// let top = tempfile::tempdir()?;
/// let directory = WorkingDirectory::open(top.path())?;
/// assert_eq!(directory.full_path("image"), top.path().canonicalize()?.join("image"));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct WorkingDirectory(Directory);

impl WorkingDirectory {
    /// That of this process.
    ///
    /// # Errors
    /// The system's.
    pub fn current() -> io::Result<Self> {
        Self::open(env::current_dir()?)
    }

    /// A directory; its path is followed wherever it leads, once.
    ///
    /// # Errors
    /// The system's.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        let opened = Directory::open(path)?;
        Ok(Self(match real_path(&opened) {
            Some(real) => opened.known_as(real),
            None => opened,
        }))
    }

    /// The handle, from which paths are followed.
    #[must_use]
    pub fn handle(&self) -> &Directory {
        &self.0
    }

    /// Where it is, for those who go by names.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// A path that is seen from it, for those who go by names.
    #[must_use]
    pub fn full_path(&self, below: impl AsRef<Path>) -> PathBuf {
        self.0.full_path(below)
    }
}
