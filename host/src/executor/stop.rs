//! Stop: what asks a build for its end.
//!
//! Reads and writes: nothing. Unknown here: how a signal is heard.

/// A signal that asked for the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop {
    /// Its number.
    pub signal: i32,
    /// Its name: `SIGTERM`.
    pub name: &'static str,
}
