//! Where things are: the checkout, and what cargo makes of it.

use std::env;
use std::path::{Path, PathBuf};

/// The checkout.
pub(crate) fn checkout() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here.ancestors().nth(2);
    root.expect("the crate stands in the checkout").to_owned()
}

/// The planner's component, as the build leaves it for hosts in other languages.
#[must_use]
pub fn component() -> PathBuf {
    target().join("planner/oci_image_planner.wasm")
}

/// The component of the forms, beside it.
#[must_use]
pub fn forms() -> PathBuf {
    component().with_file_name("oci_image_forms.wasm")
}

/// Where cargo keeps what it makes.
///
/// # Panics
/// If a program that runs has no path.
#[must_use]
pub fn target() -> PathBuf {
    let program = env::current_exe().expect("a running program has a path");
    // Cargo marks the root of its target directory, wherever that is configured to be.
    program
        .ancestors()
        .find(|directory| directory.join("CACHEDIR.TAG").exists())
        .map_or_else(|| checkout().join("target"), Path::to_owned)
}
