//! Makes the packages in `target/dist`; `make dist` calls it.

use oci_image_packages::dist::{Dist, directory};

fn main() {
    let made = Dist::make(&directory());
    for path in [made.wheel, made.tarball, made.artifact] {
        eprintln!("dist: {}", path.display());
    }
}
