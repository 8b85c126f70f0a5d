//! A cache that steps mount: `RUN --mount=type=cache`.
//!
//! Reads and writes: nothing. Unknown here: how it is learnt of (`subrequest`), how a step of ours mounts it (`llb`).
//! Source: BuildKit, `frontend/dockerfile/instructions/commands_runmount.go`, `solver/pb/ops.proto` (`CacheOpt`).

use serde::{Deserialize, Serialize};

/// A cache, and what the steps that mount it say of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CacheMount {
    /// Its id in the daemon, which [`Outline`](crate::subrequest::Outline) has not: the mount's `id` or else its target, behind the
    /// namespace and a `/`.
    pub id: String,
    /// Where it is mounted.
    pub target: String,
    /// Who may mount it meanwhile.
    pub sharing: Sharing,
    /// What it begins with; `None` if that is a stage or an image (`from`), and no step of ours finds it then.
    pub origin: Option<CacheOrigin>,
}

/// Who else may mount a cache while a step does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all(serialize = "lowercase", deserialize = "UPPERCASE"))]
pub enum Sharing {
    /// Everybody.
    #[default]
    Shared,
    /// Everybody, each another copy.
    Private,
    /// Nobody: they wait.
    Locked,
}

/// What a cache begins with; together with its id this is how the daemon finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CacheOrigin {
    /// An empty directory of root with mode 0755.
    Empty,
    /// An empty directory as a `RUN` wants it that gives `uid`, `gid` or `mode`.
    Directory {
        /// Whose it is.
        uid: u32,
        /// Whose group's it is.
        gid: u32,
        /// Its permissions.
        mode: u16,
    },
}
