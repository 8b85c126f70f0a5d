//! What a daemon has to do without, and what is left of it.
//!
//! Reads and writes: nothing.

use std::path::PathBuf;

use oci_image_boundary::outside::shown;

/// What the daemon has to do without, or what is left of it: a line for the user, no failure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// The kernel refused the daemon's own namespaces.
    #[error(
        "buildkitd runs without namespaces of its own, so SIGKILL of this program can leave steps behind: {reason}"
    )]
    NotIsolated {
        /// What was refused, and why.
        reason: String,
    },
    /// A masked `/proc` keeps steps of an ordinary user from having PID namespaces.
    #[error(
        "steps share this machine's PID namespace, because `/proc` is masked here by `{}`",
        shown(mask)
    )]
    NoProcessSandbox {
        /// The first mount below `/proc` that masks it.
        mask: PathBuf,
    },
    /// `/sys/fs/cgroup` is not a mount, and could not be made one.
    #[error("no cgroups at `/sys/fs/cgroup`: {reason}")]
    NoCgroups {
        /// Why.
        reason: String,
    },
    /// The daemon has no cgroup namespace of its own, so that its steps are outside of our cgroup.
    #[error("the limits of this program's cgroup are not those of steps: {reason}")]
    LimitsMissed {
        /// What the kernel says.
        reason: String,
    },
    /// The file systems of steps are made in a slow way.
    #[error("builds are slow here, {effect} (`{}`): {reason}", shown(snapshotter))]
    SlowSnapshots {
        /// The daemon's name of the way.
        snapshotter: String,
        /// What that means.
        effect: &'static str,
        /// Why there is no better one, and what to do.
        reason: String,
    },
    /// What another daemon kept in the root cannot be used by this one.
    #[error(
        "`{}` is of no use to the daemon's way of now (`{}`), and can be removed",
        shown(path),
        shown(snapshotter)
    )]
    UnusedSnapshots {
        /// The directory.
        path: PathBuf,
        /// The daemon's name of its way.
        snapshotter: String,
    },
    /// Something could not be removed after the daemon.
    #[error("`{}` is left of buildkitd: {reason}", shown(path))]
    Left {
        /// What is left.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}
