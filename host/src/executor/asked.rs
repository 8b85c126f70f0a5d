//! Which solve of a plan is meant, where several daemons share each.
//!
//! Reads and writes: nothing.

/// A solve of the plan, on one of the daemons that share it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Asked {
    /// The solve's place in the plan.
    pub(super) solve: usize,
    /// The daemon's place among them.
    pub(super) share: usize,
}
