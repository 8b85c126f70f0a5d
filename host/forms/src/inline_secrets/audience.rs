//! For whom a text is masked.

/// For whom a text is masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Audience {
    /// The planner: it is given all that it judges, so only what the contract calls a secret, and the wrong forms of that.
    Planner,
    /// Whoever reads a report: names count however they are spelt, and a path is shown only if it can be nothing else.
    Reader,
}

/// Every audience.
pub(super) const ALL: &[Audience] = &[Audience::Planner, Audience::Reader];
/// The planner alone.
pub(super) const PLANNER: &[Audience] = &[Audience::Planner];
/// Those who read reports.
pub(super) const READER: &[Audience] = &[Audience::Reader];
