//! Diagnostics as a person reads them, with excerpts; and as programs read them, with lines and columns.
//!
//! A diagnostic is data that counts bytes of the object's text. Here the object is found again in the whole text that
//! the user sent, so that lines are those of their file. Texts shown are those that the planner saw: without secrets.
//!
//! What was found and the changes that mend it, [`Report`] and [`Edit`], are made where the text is read.
//!
//! - `patch`: changes of a text as a diff.
//! - `text`: for a person, with excerpts.
//! - `json`: a list of our own, or lines, with everything that is known.
//! - `sarif`: SARIF 2.1.0, for code scanning.
//! - `uri`: paths as addresses.
//! - `github`: workflow commands, which a job's log turns into annotations.
//!
//! Reads, writes: nothing. Unknown here: what a rule means.

mod github;
mod json;
mod patch;
mod sarif;
mod text;
mod uri;

pub use oci_image_forms::fix::{Edit, edited, edits, mending, told_in};
pub use oci_image_forms::report::Report;

pub use self::github::github;
pub use self::json::{json, json_lines};
pub use self::patch::patch;
pub use self::sarif::sarif;
pub use self::text::text;
pub use self::uri::uri;
