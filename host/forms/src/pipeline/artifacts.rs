//! The artifacts of a job: who gives which.

use std::collections::BTreeMap;

/// Who gives an artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Giver {
    /// A task that builds, by its number in the job, with what it writes into a directory.
    Build { task: usize, path: String },
    /// A step of which no more is known.
    Another,
}

/// The artifacts of a job. Whether one is there when another step wants it is not told: steps may run side by side.
#[derive(Debug, Default)]
pub(super) struct Artifacts {
    given: BTreeMap<String, Vec<Giver>>,
    /// Whether there may be others.
    pub(super) are_more: bool,
}

impl Artifacts {
    /// Those of a job, so far none.
    pub(super) fn of_job(are_more: bool) -> Self {
        Self {
            are_more,
            ..Self::default()
        }
    }

    pub(super) fn give(&mut self, name: &str, giver: Giver) {
        self.given.entry(name.to_owned()).or_default().push(giver);
    }

    /// Whether nobody gives it.
    pub(super) fn lack(&self, name: &str) -> bool {
        !self.are_more && !self.given.contains_key(name)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.given.keys().map(String::as_str)
    }

    /// The one build that gives it: its number, and the directory. Nothing where another may be meant.
    pub(super) fn built(&self, name: &str) -> Option<(usize, &str)> {
        match self.given.get(name).map(Vec::as_slice) {
            Some([Giver::Build { task, path }]) if !self.are_more => Some((*task, path)),
            _ => None,
        }
    }
}
