//! Events of the YAML parser to JSON.
//!
//! One pass, without recursion: lists and maps that are open stand on a stack. What is refused but can be read past is
//! collected, so that one run shows every mistake.
//!
//! - `state`: what has been composed so far, and what is open.
//! - `scalars`: scalars as they are read.
//! - `collections`: lists, maps and aliases.
//! - `merges`: merge keys.
//! - `refusals`: what is refused, and what is odd.

mod collections;
mod merges;
mod refusals;
mod scalars;
mod state;

pub(super) use self::state::Composer;
