//! Why images cannot be served.

use std::io;

use oci_image_boundary::outside::shown;

/// Why images cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// No port can be opened.
    #[error("cannot listen on 127.0.0.1")]
    Listen {
        /// Why.
        source: io::Error,
    },
    /// Two images have one name.
    #[error("two images are named `{name}`", name = shown(name))]
    DuplicateName {
        /// The name.
        name: String,
    },
}
