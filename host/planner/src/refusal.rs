//! Why there is no plan.

use std::collections::BTreeMap;

use oci_image_schema::diagnostic::{Diagnostic, Severity};

use oci_image_boundary::outside::shown;

use super::planner_error::PlannerError;

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The object is wrong.
    #[error("the object is wrong: {}", first(.0))]
    Mistakes(Mistakes),
    /// The planner did not do its work.
    #[error(transparent)]
    Planner(#[from] PlannerError),
}

/// Every defect of an object, and the texts that they point into.
#[derive(Debug, Clone)]
pub struct Mistakes {
    /// What is wrong, in the order of the text; remarks too.
    pub diagnostics: Vec<Diagnostic>,
    /// The text of each file that the planner read, by the path that the object gives.
    pub files: BTreeMap<String, String>,
}

/// The first error, and how many there are beside it.
fn first(mistakes: &Mistakes) -> String {
    let is_error = |one: &&Diagnostic| one.severity == Severity::Error;
    let mut errors = mistakes.diagnostics.iter().filter(is_error);
    let first = errors.next().map_or("", |one| &one.message);
    match errors.count() {
        0 => shown(first).to_string(),
        more => format!("{} (and {more} more)", shown(first)),
    }
}
