//! Progress: what a person (or a program) sees of a build while it runs, and why it failed.
//!
//! Takes the daemon's reports of one or several solves at once; a vertex of several solves is one step and is shown
//! once. No clock is read and nothing waits: the same reports always give the same text. No line of a log is lost.
//! What is kept of a step that has ended is its name; of one that failed, the end of its log too; and what a recorder was told.
//!
//! - [`Progress`] (`progress`) is the state machine, [`run`] feeds it from a channel on a thread of its own (`runner`), which
//!   knows the time. [`Mode`] (`mode`) says for whom.
//! - [`FailureReport`] (`failure`) is the text of a solve that failed; [`FailedStep`] (`failed_step`) is what is kept for it.
//! - [`dockerfile`]: which instruction of it each step is.
//! - [`Account`] (`account`) is what all steps came to.
//! - [`DaemonLog`] (`daemon_log`) is the daemon's own log beside it, as JSON.
//! - `order`: reports in the order in which things happened. `trace`, `step`, `part`, `warning`: what they amount to, as `event`s;
//!   `clock`: until when that is known; `twins`: one step under two digests.
//! - `line`, `tail`, `excerpt`, `amount`, `colour`: logs, source files and figures made fit to show.
//! - `plain`, `json`, `live`: the ways to show events; [`Screen`] is where the last one is drawn. `silence`: when plain text says that
//!   nothing happens.
//! - [`record`]: what has happened, kept for whoever looks at it afterwards.
//! - [`OwnStep`] (`own`) is a step of this program among those of the daemon.
//!
//! Reads: the variable `NO_COLOR`, in [`Mode::text`] alone. Writes: only the `Write` it was given. Unknown here: requests,
//! plans, the wire.
//! Secrets are not masked: none reaches this room, unless a process of the build prints one.

mod account;
pub mod amount;
mod clock;
mod colour;
mod daemon_log;
pub mod dockerfile;
mod event;
mod excerpt;
mod failed_step;
mod failure;
mod json;
mod line;
mod live;
mod mode;
mod order;
mod own;
mod part;
mod plain;
mod progress;
pub mod record;
mod runner;
mod silence;
mod step;
mod tail;
mod trace;
mod twins;
mod warning;

pub use account::{Account, SlowStep};
pub use daemon_log::DaemonLog;
pub use failed_step::FailedStep;
pub use failure::{
    CacheFailure, ContextName, Excluding, FailureReport, FirstLine, Known, ListContext,
};
pub use live::{Screen, Size};
pub use mode::Mode;
pub use own::OwnStep;
pub use progress::Progress;
pub use runner::run;
pub use step::SolveId;
