//! Why the planner gave no answer that counts.

use std::error::Error;

use super::checked_diagnostics::UnsoundDiagnostic;
use super::lie::LyingPlanner;
use super::limits::Limit;

/// The planner did not do its work. No fault of the object.
#[derive(Debug, thiserror::Error)]
pub enum PlannerError {
    /// The embedded component does not fit this program or this machine.
    #[error("the planner cannot be loaded")]
    Load(#[source] Box<dyn Error + Send + Sync>),
    /// It wanted more than it may have.
    #[error(
        "the planner needs more than {limit}, which is its limit{}",
        printed(stderr)
    )]
    Limit {
        /// Which.
        limit: Limit,
        /// The end of what it printed.
        stderr: String,
    },
    /// It stopped in any other way: a trap, a panic, an exit, a call to something that it may not have.
    #[error("the planner stopped without an answer{}", printed(stderr))]
    Stopped {
        /// The end of what it printed.
        stderr: String,
        /// How.
        source: Box<dyn Error + Send + Sync>,
    },
    /// It answered, and its diagnostics cannot be right.
    #[error("the planner's diagnostics make no sense")]
    Diagnostics(#[source] UnsoundDiagnostic),
    /// It answered, and its answer is not what was asked for.
    #[error("the planner's answer is refused")]
    Lie(#[source] LyingPlanner),
}

fn printed(stderr: &str) -> String {
    if stderr.is_empty() {
        String::new()
    } else {
        format!("; it printed: {stderr}")
    }
}
