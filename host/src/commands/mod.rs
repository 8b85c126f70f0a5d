//! What each command does: a file a command.
//!
//! - `dispatch`: which of them was asked for.
//! - `info`: what an object supports.
//! - `build`: the image that a request describes.
//! - `task`: the image that a task's parameters describe.
//! - `plan`: what would be built.
//! - `check`, `outline`, `targets`: what is to be told of a Dockerfile before it is built from. `inspected`: whose Dockerfile that is.
//! - `validate`: every mistake of a request. `fixing`: what can be mended of it.
//! - `explain`: the rule behind a diagnostic's code.
//! - `schema`: the JSON Schemas.
//! - `doctor`: whether a build would start on this machine.
//! - `du`, `prune`: how much the daemon's root has, and what goes of it.
//! - `completions`: scripts for shells.
//! - `man`: the pages of the manual.
//!
//! What they have in common:
//!
//! - `mode`: how one speaks on standard error.
//! - `telling`: where one that builds says what it does, and what it has come to.
//! - `answer`: what one writes to standard output. `reported`: reports on requests, in the form that is asked for.
//! - `engine_place`: where the engine is; `fleet_place`: engines that are not ours; `builders_file`: a file that lists them.
//! - `runtime`: what work runs on, until it is done or not wanted any more.
//! - `working_directory`: where the paths of a request begin.

mod answer;
mod build;
mod builders_file;
mod check;
mod completions;
mod dispatch;
mod doctor;
mod du;
mod engine_place;
mod explain;
mod fixing;
mod fleet_place;
mod info;
mod inspected;
mod man;
mod mode;
mod outline;
mod plan;
mod prune;
mod reported;
mod runtime;
mod schema;
mod targets;
mod task;
mod telling;
mod validate;
mod working_directory;

pub(crate) use self::dispatch::run;
pub(crate) use self::mode::mode;
