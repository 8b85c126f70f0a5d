//! What is wrong with an address.

use oci_image_boundary::outside::shown;

/// Why an address is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It begins with no scheme that is known.
    #[error(
        "`{address}` does not say how the builder is reached: an address is one of {known}{nearest}",
        address = shown(address),
        known = "`unix://PATH`, `tcp://HOST:PORT`, `docker-container://NAME`, `podman-container://NAME`, `nerdctl-container://NAME`, \
                 `kube-pod://NAME`, `ssh://HOST`",
        nearest = nearest.as_ref().map(|scheme| format!("; did you mean `{scheme}://`?")).unwrap_or_default()
    )]
    Scheme {
        /// What is written.
        address: String,
        /// The scheme that it nearly has.
        nearest: Option<&'static str>,
    },
    /// What follows the scheme is not what that wants.
    #[error("`{address}` {lacks}; write `{example}`", address = shown(address))]
    Form {
        /// What is written.
        address: String,
        /// What is wrong with it.
        lacks: &'static str,
        /// How it is written.
        example: &'static str,
    },
    /// It has a parameter that the scheme does not know.
    #[error(
        "`{address}` has the parameter `{parameter}`, and `{scheme}://` knows {known}",
        address = shown(address), parameter = shown(parameter)
    )]
    Parameter {
        /// What is written.
        address: String,
        /// The parameter.
        parameter: String,
        /// The scheme.
        scheme: &'static str,
        /// Those that it knows, for a person.
        known: String,
    },
}
