//! A list or map of a text that is open, and what is masked of it.

use super::key::Key;
use super::outline::Drawn;

/// A list or map that is open.
pub(super) struct OpenLevel {
    pub(super) is_map: bool,
    /// The entry of the outline that is being read.
    pub(super) drawn: Option<Drawn>,
    /// By audience.
    pub(super) judged: [Judged; 2],
}

/// What is masked of a list or map for an audience.
#[derive(Clone, Copy, Default)]
pub(super) struct Judged {
    /// The key whose value comes next or is being read.
    pub(super) key: Option<Key>,
    /// Whether every value in it is masked.
    pub(super) masked: bool,
    /// Whether its keys are masked too; those of a secret itself are not if they are words, so that a mistyped one can be told.
    pub(super) masks_keys: bool,
}
