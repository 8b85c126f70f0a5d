//! Contexts that the daemon knows: nothing is sent of one that is as it was, and never is one built from what it was before.
//!
//! - `engine`: a daemon, and what is built with it; `tree`: a context, and what is done to one; `edits`: builds after it.
//! - `by_dates`, `by_content`: how it is known.

mod by_content;
mod by_dates;
mod edits;
mod engine;
mod tree;
