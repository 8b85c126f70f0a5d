//! Makes the packages in `target/dist`; `make dist` calls it.

use oci_image_packages::dist::{Dist, directory};

fn main() {
    let made = Dist::make(&directory());
    for path in [made.wheel, made.tarball].iter().chain(&made.artifacts) {
        eprintln!("dist: {}", path.display());
    }
}
