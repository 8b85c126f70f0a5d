//! A request: where it comes from, in JSON, YAML or a task's parameters, and its text without secrets.
//!
//! Texts of inline secrets are taken out at once: nothing after this sees them, neither the planner nor an excerpt.
//!
//! - `asked`: a request, planned and judged.
//! - `judge`: who judges objects.
//! - `subject`: a request, or a pipeline whose tasks are judged.
//! - `input`: where one comes from. `folder`: all that a directory has.
//! - `stream`: what it comes on, which may stay silent.
//! - `format`: in which language a file is written.
//! - `ours`: a text of which nobody says what it is, if it is a request or a task of ours, or a pipeline.
//! - `written`: a message, and what a text of another form is, as requests.
//! - `unread`: a text that is no request.
//! - `ignore_file`: what a context says of itself, which the planner is not asked about.
//! - `foreign_settings`: settings of a daemon that is not ours.
//!
//! Reads: standard input, a file, the environment; through the planner's workspace, the files that the object names.

mod asked;
mod folder;
mod foreign_settings;
mod format;
mod ignore_file;
mod input;
mod judge;
mod ours;
pub(crate) mod stream;
mod subject;
#[cfg(test)]
mod tests;
mod unread;
mod written;

pub(crate) use self::asked::Request;
pub(crate) use self::folder::Folder;
pub(crate) use self::format::format_of as format_by_name;
pub(crate) use self::judge::{Judge, Known};
pub(crate) use self::subject::{Below, Subject};
pub(crate) use self::unread::Unread;
