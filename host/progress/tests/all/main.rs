//! Progress, seen from outside: one binary for all suites of the crate.
//!
//! - `live`: the display of a terminal. `rendered`: recordings of real builds. `steps`: what no recording holds.
//! - `records`: what is kept of a build beside what is shown.
//! - `order`: much at once, and in pieces.
//! - `reports`: what a daemon says of steps, made up.
//! - `recording`: recordings read, and what is shown compared.

#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

mod live;
mod order;
mod recording;
mod records;
mod rendered;
mod reports;
mod steps;
