//! Pages, seen from outside: one binary for all suites of the crate.
//!
//! - `pages`: pages of builds that are made up, compared as a whole. `hostile`: builds that mean harm, and builds beyond all measure.
//! - `markup`: whether a page is its own markup.
//! - `build`: builds, made up.
//! - `reports`: what a daemon says of steps, as the crate of progress has it.

#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

mod build;
mod hostile;
mod markup;
mod pages;
#[path = "../../../progress/tests/all/reports.rs"]
#[allow(dead_code, reason = "each suite uses its part")]
mod reports;
