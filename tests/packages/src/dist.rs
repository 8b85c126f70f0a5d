//! What is given to others: the wheel, the tarball of npm, the extension of Visual Studio Code, and the components as OCI artifacts.

use std::fs;
use std::path::{Path, PathBuf};

use oci_image_schema::{FORMS_VERSION, PLANNER_VERSION};

use crate::artifact;
use crate::package::Package;
use crate::place::{component, forms, target};

/// What was made, and where.
#[derive(Debug)]
pub struct Dist {
    /// `pip install` takes it.
    pub wheel: PathBuf,
    /// `npm install` takes it.
    pub tarball: PathBuf,
    /// `code --install-extension` takes it.
    pub extension: PathBuf,
    /// OCI image layouts, whose one manifest is a component: that of the planner, and that of the forms.
    pub artifacts: [PathBuf; 2],
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
        let components = [
            (component(), "oci-image-planner", PLANNER_VERSION),
            (forms(), "oci-image-forms", FORMS_VERSION),
        ];
        let artifacts = components.map(|(component, name, version)| {
            let layout = directory.join(format!("{name}.oci"));
            artifact::write(&component, (name, version), &layout);
            layout
        });
        Self {
            wheel: Package::python().wheel(directory),
            tarball: Package::node().tarball(directory),
            extension: Package::vscode().extension(directory),
            artifacts,
        }
    }
}

/// Where `make dist` leaves it.
#[must_use]
pub fn directory() -> PathBuf {
    target().join("dist")
}
