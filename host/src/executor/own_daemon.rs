//! A daemon of our own, from its start to its end.
//!
//! Reads: programs on PATH. Writes: the daemon's root. Unknown here: solves.

use std::path::Path;
use std::time::Duration;

use crate::boundary::cancel::Cancel;
use crate::daemon::{Daemon, LogSink, Options, Privileges, Programs, Warning};
use crate::executor::error::BuildError;
use crate::executor::host::Host;
use crate::executor::room;
use crate::planner::checked_plan::CheckedPlan;
use crate::progress::DaemonLog;

/// How long a daemon may take to end whose connection has broken.
// The kernel closes its sockets first and reports its end milliseconds later.
const DEATH_DEADLINE: Duration = Duration::from_secs(1);

/// How long a daemon may take to end when we are stopped; a sound one takes some milliseconds.
const STOPPED_DEADLINE: Duration = Duration::from_secs(1);

/// A daemon that serves this build alone. Dropping it kills it.
pub(super) struct OwnDaemon(Daemon);

impl OwnDaemon {
    /// Starts the daemon that a plan asks for; `unread` is called off once nobody may wait for a reader of its log.
    ///
    /// # Errors
    /// [`BuildError::Program`], [`BuildError::Daemon`], [`BuildError::NoRoomForDaemon`].
    pub(super) async fn start(
        plan: &CheckedPlan,
        host: &Host,
        privileges: Privileges,
        unread: &Cancel,
    ) -> Result<Self, BuildError> {
        let programs = Programs::find(&host.programs)?;
        let options = Options {
            config: plan.daemon_config().to_owned(),
            privileges: Some(privileges),
            directory: host.directory.path().to_owned(),
            withheld: host.withheld.clone(),
            debug: plan.debug(),
            log_sink: (plan.debug()).then(|| daemon_log(host, unread.clone())),
            ..Options::new(&host.root, programs)
        };
        let daemon = Daemon::start(options, |root| host.audience.waiting(root)).await;
        let daemon = daemon.map_err(|error| room::blame(error.into(), host))?;
        for warning in daemon.warnings() {
            host.audience.warning(&warning.to_string());
        }
        Ok(Self(daemon))
    }

    /// The unix socket that it serves.
    pub(super) fn socket(&self) -> &Path {
        self.0.socket()
    }

    /// Resolves when it has ended although nobody has stopped it, with what that is to a build.
    pub(super) async fn died(&self) -> BuildError {
        BuildError::DaemonDied(Box::new(self.0.exited().await))
    }

    /// A connection that broke because the daemon died is the daemon's failure, not that of the solve.
    pub(super) async fn blame<T>(&self, solved: Result<T, BuildError>) -> Result<T, BuildError> {
        match solved {
            Err(error) if error.loss().is_some() => {
                let died = tokio::time::timeout(DEATH_DEADLINE, self.died()).await;
                Err(died.unwrap_or(error))
            }
            solved => solved,
        }
    }

    /// Ends it, and returns when nothing of it is left, with what could not be tidied away.
    ///
    /// # Errors
    /// [`BuildError::Daemon`].
    pub(super) async fn stop(self) -> Result<Vec<Warning>, BuildError> {
        Ok(self.0.stop().await?.warnings)
    }

    /// The same for a build that was stopped, which has no time.
    ///
    /// # Errors
    /// [`BuildError::Daemon`].
    pub(super) async fn stop_at_once(self) -> Result<Vec<Warning>, BuildError> {
        Ok(self.0.stop_within(STOPPED_DEADLINE).await?.warnings)
    }
}

/// Where the daemon's log is shown, beside the progress: in whole lines, so that those of progress stay whole too.
fn daemon_log(host: &Host, unread: Cancel) -> LogSink {
    Box::new(DaemonLog::new(
        host.progress,
        host.audience.progress(unread),
    ))
}
