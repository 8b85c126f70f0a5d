//! Makes the packages in `target/dist`; `make dist` calls it.

use oci_image_packages::dist::{Dist, directory};

fn main() {
    let made = Dist::make(&directory());
    let files = [made.wheel, made.tarball, made.extension];
    for path in files.iter().chain(&made.artifacts) {
        eprintln!("dist: {}", path.display());
    }
}
