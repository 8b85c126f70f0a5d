//! Subrequests: what a frontend says of the files that it would build from, in place of building.
//!
//! - `lint`: what is wrong or unwise in them. `outline`: what a build of a target reads from outside. `targets`: what can be built.
//!   `definition`: what it is built by.
//! - `location`: where in those files that stands.
//!
//! Answers are the frontend's words: whoever shows them makes them fit to be shown.
//!
//! Reads and writes: nothing. Unknown here: how a frontend is asked (`gateway`).
//! Source: BuildKit, `frontend/subrequests`.

mod definition;
mod lint;
mod location;
mod outline;
mod targets;

use serde::de::DeserializeOwned;

pub use definition::{CacheMount, Definition, Sharing};
pub use lint::{BuildError, Lint, LintWarning};
pub use location::{Location, SourceFile};
pub use outline::{Argument, Outline, SecretMount, SshMount};
pub use targets::{Target, Targets};

/// An answer that a frontend gives in place of building.
pub trait Subrequest: DeserializeOwned + Send + 'static {
    /// What asks for it: `frontend.outline`.
    const ID: &'static str;
}

impl Subrequest for Lint {
    const ID: &'static str = "frontend.lint";
}

impl Subrequest for Outline {
    const ID: &'static str = "frontend.outline";
}

impl Subrequest for Targets {
    const ID: &'static str = "frontend.targets";
}

impl Subrequest for Definition {
    const ID: &'static str = "frontend.convertllb";
}

/// The attributes by which a frontend is asked.
pub(crate) fn attributes(id: &str) -> [(String, String); 2] {
    // So that a frontend that only passes the question on to another does so, although it does not know it.
    const FORWARDED: &str = "moby.buildkit.frontend.subrequests+forward";
    [("requestid", id), ("frontend.caps", FORWARDED)].map(|(key, value)| (key.into(), value.into()))
}

/// What of an answer is its text.
pub(crate) const ANSWER: &str = "result.json";
