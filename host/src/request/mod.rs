//! A request: where it comes from, in JSON, YAML or a task's parameters, and its text without secrets.
//!
//! Texts of inline secrets are taken out at once: nothing after this sees them, neither the planner nor an excerpt.
//!
//! - `asked`: a request, planned and judged.
//! - `subject`: a request, or a pipeline whose tasks are judged.
//! - `input`: where one comes from. `folder`: all that a directory has.
//! - `stream`: what it comes on, which may stay silent.
//! - `shape`: whether a text is a message, an object, or something else.
//! - `written`: a source of each way in which a request is written.
//! - `unread`: a text that is no request.
//! - `ignore_file`: what a context says of itself, which the planner is not asked about.
//!
//! Reads: standard input, a file, the environment; through the planner's workspace, the files that the object names.

mod asked;
mod folder;
mod ignore_file;
mod input;
mod shape;
pub(crate) mod stream;
mod subject;
#[cfg(test)]
mod tests;
mod unread;
mod written;

pub(crate) use self::asked::Request;
pub(crate) use self::folder::Folder;
pub(crate) use self::subject::{Below, Subject};
pub(crate) use self::unread::Unread;
