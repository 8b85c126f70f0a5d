//! A question to a frontend, by its answer.

use serde::de::DeserializeOwned;

/// An answer that a frontend gives in place of building.
pub trait Subrequest: DeserializeOwned + Send + 'static {
    /// What asks for it: `frontend.outline`.
    const ID: &'static str;
}

/// How a frontend begins to say that it does not know a question. BuildKit 0.26 is the oldest whose own knows all.
pub const UNKNOWN: &str = "unsupported request ";

/// What of an answer is its text.
pub(crate) const ANSWER: &str = "result.json";

/// So that a frontend that only passes the question on to another does so, although it does not know it.
const FORWARDED: &str = "moby.buildkit.frontend.subrequests+forward";

/// The attributes by which a frontend is asked.
pub(crate) fn attributes(id: &str) -> [(String, String); 2] {
    [("requestid", id), ("frontend.caps", FORWARDED)].map(|(key, value)| (key.into(), value.into()))
}
