//! The host: what the plan leaves to the machine. Where things are, never what is built.
//!
//! Reads: the environment, for what is not said. Writes: nothing. Unknown here: plans.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use crate::boundary::handle::WorkingDirectory;
use crate::buildkit::registry::{Credentials, DockerConfig};
use crate::daemon::{self, Overrides};
use crate::executor::audience::{Audience, Nobody};
use crate::executor::cache_variables::CacheVariables;
use crate::fleet::Fleet;
use crate::progress::Mode;

/// What the plan leaves to the machine: where things are, never what is built.
pub struct Host {
    /// The working directory, in which the plan's paths are looked up.
    pub directory: WorkingDirectory,
    /// Daemons that are not ours, of which one builds; `None`: a daemon is started.
    pub fleet: Option<Fleet>,
    /// Whether a builder of the fleet may emulate a platform.
    pub emulate: bool,
    /// State of the daemon, kept as a warm cache; of builds elsewhere, what has come of them.
    pub root: PathBuf,
    /// Programs that are not to be looked up on PATH.
    pub programs: Overrides,
    /// Variables of this process's environment that nobody is given whom a build starts.
    pub withheld: Vec<OsString>,
    /// How progress is written, and the report of a failure.
    pub progress: Mode,
    /// Whom the build tells what it does.
    pub audience: Arc<dyn Audience>,
    /// Logins for registries.
    pub credentials: Arc<dyn Credentials>,
    /// What logs in to layer caches, where the plan does not.
    pub cache_variables: CacheVariables,
}

impl Host {
    /// This machine, with `directory` as the working directory: the default root, programs and logins that the environment
    /// names, progress as plain text, told to nobody.
    #[must_use]
    pub fn new(directory: WorkingDirectory) -> Self {
        Self {
            directory,
            fleet: None,
            emulate: false,
            root: daemon::default_root(),
            programs: Overrides::from_env(),
            withheld: Vec::new(),
            progress: Mode::Plain,
            credentials: Arc::new(DockerConfig::from_environment()),
            cache_variables: CacheVariables::from_environment(),
            audience: Arc::new(Nobody),
        }
    }
}
