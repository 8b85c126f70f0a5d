//! What a daemon is started with.
//!
//! Reads: `TMPDIR`, and whether `/scratch` is there. Writes: nothing.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::Access;

use crate::log::LogSink;
use crate::privileges::Privileges;
use crate::programs::Programs;

/// How long the daemon may take from spawn to `READY=1`.
// Measured: at most 0.37 s on a restart, 1 s on a first start. 30 s forgives a cold disk and ends a hang.
const READINESS: Duration = Duration::from_secs(30);

/// What a daemon is started with. [`Options::new`] sets all but the first two as most callers want it.
pub struct Options {
    /// Where the daemon keeps its cache, contexts and log. Made (mode 0700) if it is not there; stays afterwards.
    pub root: PathBuf,
    /// What to run.
    pub programs: Programs,
    /// What was found out about this process, if that was before; else it is tried at the start.
    pub privileges: Option<Privileges>,
    /// `buildkitd.toml`. The root, addresses and log level in it are overruled; the cgroup parent and the runtime are
    /// set where it leaves them open.
    pub config: String,
    /// The daemon's working directory: relative paths in its configuration, of certificates say, start there.
    pub directory: PathBuf,
    /// Variables of this process's environment that the daemon is not given.
    pub withheld: Vec<OsString>,
    /// Whether the daemon logs everything it does.
    pub debug: bool,
    /// How long it may take from spawn to ready; past it, it is killed.
    pub readiness: Duration,
    /// Gets everything that the daemon prints, as it comes, on a thread of its own.
    pub log_sink: Option<LogSink>,
}

impl Options {
    /// An empty configuration, this process's working directory, 30 s to get ready, a log that nobody watches.
    pub fn new(root: impl Into<PathBuf>, programs: Programs) -> Self {
        Self {
            root: root.into(),
            programs,
            privileges: None,
            config: String::new(),
            directory: PathBuf::from("."),
            withheld: Vec::new(),
            debug: false,
            readiness: READINESS,
            log_sink: None,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The configuration may name key files of registries: it is not for logs.
        let Self {
            root,
            programs,
            privileges: _,
            config: _,
            directory,
            withheld,
            debug,
            readiness,
            log_sink: _,
        } = self;
        f.debug_struct("Options")
            .field("root", root)
            .field("programs", programs)
            .field("directory", directory)
            .field("withheld", withheld)
            .field("debug", debug)
            .field("readiness", readiness)
            .finish_non_exhaustive()
    }
}

/// The directory for temporary files: `TMPDIR`, else `/tmp`.
// std takes an empty `TMPDIR`, which is what a task hands over for a parameter that it leaves open, for the working directory.
pub fn temporary_directory() -> PathBuf {
    let named = std::env::var_os("TMPDIR").filter(|path| !path.is_empty());
    named.map_or_else(|| "/tmp".into(), PathBuf::from)
}

/// The root where the user names none: `/scratch/buildkitd` if `/scratch` can be written, else `$TMPDIR/buildkitd`.
///
/// For an ordinary user the last component is `buildkitd-UID`: the temporary directory is shared, a root is not, and
/// one that root left there would be of no use.
pub fn default_root() -> PathBuf {
    let user = rustix::process::geteuid();
    let scratch = Path::new("/scratch");
    let writable = rustix::fs::access(scratch, Access::WRITE_OK | Access::EXEC_OK).is_ok();
    let parent = if writable && scratch.is_dir() {
        scratch.to_owned()
    } else {
        temporary_directory()
    };
    let name = if user.is_root() {
        "buildkitd".to_owned()
    } else {
        format!("buildkitd-{}", user.as_raw())
    };
    parent.join(name)
}
