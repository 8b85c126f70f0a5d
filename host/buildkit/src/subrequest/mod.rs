//! Subrequests: what a frontend says of the files that it would build from, in place of building.
//!
//! - `lint`: what is wrong or unwise in them. `outline`: what a build of a target reads from outside. `targets`: what can be built.
//!   `definition`: what it is built by.
//! - `question`: what all of them have in common. `location`: where in those files that stands.
//!
//! Answers are the frontend's words: whoever shows them makes them fit to be shown.
//!
//! Reads and writes: nothing. Unknown here: how a frontend is asked (`gateway`).
//! Source: BuildKit, `frontend/subrequests`.

mod definition;
mod lint;
mod location;
mod outline;
mod question;
mod targets;

pub use definition::Definition;
pub use lint::{Lint, LintError, LintWarning};
pub use location::{Location, SourceFile};
pub use outline::{Argument, Outline, SecretMount, SshMount};
pub(crate) use question::{ANSWER, attributes};
pub use question::{Subrequest, UNKNOWN};
pub use targets::{Target, Targets};
