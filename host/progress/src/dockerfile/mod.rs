//! The Dockerfile beside the steps: which instruction each of them is.
//!
//! - `instruction`: the instructions that become steps, and the lines on which they stand.
//! - `matching`: which step is which.

mod instruction;
mod matching;

pub use instruction::{Stage, stages};
pub use matching::{lines, lines_of_step};
