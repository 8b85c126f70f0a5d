//! The supervisor of buildkitd: starts one for a build, watches it, ends it, and leaves nothing of it behind.
//!
//! A daemon belongs to one build. It holds its root alone, listens in a private directory, and lives in a PID and a
//! mount namespace of its own, so that the kernel ends its steps and unmounts its mounts whichever way it goes.
//! Whatever the daemon needs to be tidied away is owned by the thread that waits for it.
//!
//! Reads: `PATH`, `/proc`, `/etc/subuid`, `/etc/subgid`. Writes: the daemon's root, a private directory below the
//! temporary one, cgroups named like that directory. Unknown here: requests, plans, gRPC.
//! Source: BuildKit, `cmd/buildkitd`; namespaces(7), cgroups(7), sd_notify(3).
//!
//! - [`Options`]: what a daemon is started with; [`default_root`].
//! - [`Programs`]: where buildkitd, runc and rootlesskit are.
//! - [`Privileges`]: that a daemon can run its steps here.
//! - [`Daemon`]: a running daemon; [`Exit`], [`Status`]: how it ended.
//! - [`Cgroups`], [`Snapshots`], [`Occupancy`], [`private_place`], [`filesystem`], [`rootless_warnings`]: what else its start would find, looked at without one.
//! - [`RootLock`]: the right to use a root while no daemon runs.
//! - [`DaemonError`], [`Warning`]: what went wrong, and what went less well than it should.
//! - `options`, `programs`, `privileges`, `rootless`: what is checked before anything starts.
//! - `cgroups`, `overlay`, `occupancy`: the same for whoever only asks; `holder`: who has a lock.
//! - `directory`, `root`, `runtime`: the directory that stays, who uses it, and the one that goes; `config`, `command`: what the daemon is told.
//! - `daemon`: from its start to its end.
//! - `process`, `namespaces`, `mounts`: the daemon, and what holds it together; `hierarchy`, `cgroup`: where its steps are
//!   counted and limited, and what is tidied after them.
//! - `snapshotter`: how the file systems of steps are made.
//! - `readiness`, `log`: what it says; `exit`, `error`, `warning`, `lack`: what became of it. `version`: of which BuildKit it is.

mod cgroup;
mod cgroups;
mod command;
mod config;
mod daemon;
mod directory;
mod error;
mod exit;
mod hierarchy;
mod holder;
mod lack;
mod log;
mod mounts;
mod namespaces;
mod occupancy;
mod options;
mod overlay;
mod privileges;
mod process;
mod programs;
mod readiness;
mod root;
mod rootless;
mod runtime;
mod snapshotter;
mod version;
mod warning;

pub use cgroups::Cgroups;
pub use daemon::Daemon;
pub use error::DaemonError;
pub use exit::{Exit, Status};
pub use hierarchy::Hierarchies;
pub use holder::Holder;
pub use lack::Lack;
pub use log::LogSink;
pub use mounts::filesystem;
pub use occupancy::Occupancy;
pub use options::{Options, default_root, temporary_directory};
pub use overlay::Snapshots;
pub use privileges::Privileges;
pub use programs::{MissingProgram, Overrides, Program, Programs, on_path};
pub use root::{RootLock, make_root};
pub use rootless::rootless_warnings;
pub use runtime::private_place;
pub use version::BUILDKIT_VERSION;
pub use warning::Warning;
