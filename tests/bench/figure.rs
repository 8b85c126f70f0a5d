//! A figure that has no other side: how long something takes, or how large it is.

use std::time::Duration;

use crate::pair::Comparison;

/// A row of the table.
pub(crate) enum Row {
    /// Two sides.
    Compared(Comparison),
    /// One.
    Alone(Figure),
}

/// What a case says of one thing that is measured by itself.
#[derive(Debug, Clone)]
pub(crate) struct Figure {
    /// What it is of.
    pub(crate) what: String,
    /// How much it is.
    pub(crate) amount: Amount,
    /// The most that it should be, where there is a goal.
    pub(crate) goal: Option<Amount>,
}

/// How much of what.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub(crate) enum Amount {
    /// Time, the median of several runs.
    Time(Duration),
    /// Bytes.
    Size(u64),
}

impl Figure {
    /// Whether the goal is reached; nothing where there is none.
    pub(crate) fn is_met(&self) -> Option<bool> {
        self.goal.map(|goal| self.amount <= goal)
    }
}
