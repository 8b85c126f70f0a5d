//! What became of a build.
//!
//! Reads, writes: nothing. Unknown here: how it went.

/// What became of a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate<'a> {
    /// It is done.
    Built {
        /// What was exported.
        images: Vec<Image<'a>>,
        /// Bytes of files that the engine has taken.
        sent: u64,
        /// Bytes of results that it has sent.
        received: u64,
    },
    /// It failed.
    Failed {
        /// What a person is told of it: several lines.
        report: &'a str,
    },
    /// Somebody stopped it.
    Stopped {
        /// What a person is told of it.
        report: &'a str,
    },
}

/// An image that was exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image<'a> {
    /// Where it is.
    pub path: &'a str,
    /// The stage that was built; `None`: the last one.
    pub target: Option<&'a str>,
    /// By which it is known.
    pub digest: &'a str,
    /// In bytes.
    pub size: u64,
    /// How many layers it has.
    pub layers: usize,
    /// Of these, how many are new.
    pub new_layers: usize,
}
