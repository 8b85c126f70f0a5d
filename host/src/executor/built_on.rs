//! Built on: a builder that has made a build, as it is told of at the end.
//!
//! Reads and writes: nothing.

/// A builder on which a build was made, or some of its platforms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuiltOn {
    /// Where it is.
    pub address: String,
    /// Which BuildKit it says it is.
    pub version: String,
    /// The platforms for which it built; `None`: for all.
    pub platforms: Option<Vec<String>>,
}
