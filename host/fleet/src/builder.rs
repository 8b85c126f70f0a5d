//! A builder, as it is configured.
//!
//! Reads and writes: nothing.

use oci_image_buildkit::endpoint::Endpoint;

/// A BuildKit daemon that is not ours, or several behind one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Builder {
    /// Where it is.
    pub endpoint: Endpoint,
    /// The platforms for which it is taken, `linux/arm64`; `None`: those that it says it has.
    pub platforms: Option<Vec<String>>,
    /// How many solves it may have under way before another is asked.
    pub most_solves: Option<usize>,
    /// Whether secrets may be told to it although nobody has verified that it is the one.
    pub is_trusted: bool,
}

impl Builder {
    /// A builder of which no more is said than where it is.
    #[must_use]
    pub fn at(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            platforms: None,
            most_solves: None,
            is_trusted: false,
        }
    }

    /// Whether secrets may be told to it.
    #[must_use]
    pub fn may_know_secrets(&self) -> bool {
        self.is_trusted || self.endpoint.is_verified()
    }
}
