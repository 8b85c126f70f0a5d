//! Builds the playground into `target/playground`, a folder of static files; `make playground` calls it.

use oci_image_packages::package::Package;

fn main() {
    let folder = Package::browser().playground();
    eprintln!("playground: {}", folder.display());
}
