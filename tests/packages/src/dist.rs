//! What is given to others: the wheel, the tarball of npm, and the component as an OCI artifact.

use std::fs;
use std::path::{Path, PathBuf};

use crate::artifact;
use crate::package::Package;
use crate::place::{component, target};

/// What was made, and where.
#[derive(Debug)]
pub struct Dist {
    /// `pip install` takes it.
    pub wheel: PathBuf,
    /// `npm install` takes it.
    pub tarball: PathBuf,
    /// An OCI image layout, whose one manifest is the component.
    pub artifact: PathBuf,
}

impl Dist {
    /// Makes everything anew in a directory.
    ///
    /// # Panics
    /// If something cannot be made; with what was said.
    #[must_use]
    pub fn make(directory: &Path) -> Self {
        let _ = fs::remove_dir_all(directory);
        fs::create_dir_all(directory).expect("target/ can be written");
        let artifact = directory.join("oci-image-planner.oci");
        artifact::write(&component(), "oci-image-planner", &artifact);
        Self {
            wheel: Package::python().wheel(directory),
            tarball: Package::node().tarball(directory),
            artifact,
        }
    }
}

/// Where `make dist` leaves it.
#[must_use]
pub fn directory() -> PathBuf {
    target().join("dist")
}
