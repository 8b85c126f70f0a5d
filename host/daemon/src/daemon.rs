//! A running daemon, from its start to its end.
//!
//! Reads and writes: through the modules named here. Unknown here: what it is asked to build.

use std::path::{Path, PathBuf};
use std::time::Duration;

use oci_image_boundary::blocking::blocking;
use rustix::process::Signal;

use crate::command::{Launch, Who};
use crate::error::DaemonError;
use crate::exit::Exit;
use crate::log::{self, Log};
use crate::namespaces::Isolation;
use crate::options::Options;
use crate::privileges::Privileges;
use crate::process::{Process, Setup};
use crate::readiness::ReadySocket;
use crate::root::RootLock;
use crate::runtime::RuntimeDir;
use crate::warning::Warning;
use crate::{config, snapshotter};

/// How long the daemon may take from SIGTERM to its end; past it comes SIGKILL.
// It waits for every open RPC without limit, so callers close theirs first; then it takes 3 to 12 ms (measured).
const STOP_DEADLINE: Duration = Duration::from_secs(5);

/// A running buildkitd that serves one build. Dropping it kills it and waits for its end; [`Daemon::stop`] is kinder.
#[derive(Debug)]
pub struct Daemon {
    process: Process,
    socket: PathBuf,
    log: Log,
    warnings: Vec<Warning>,
}

/// A daemon that is not ready yet.
struct Launched {
    daemon: Daemon,
    ready: ReadySocket,
    /// Its root, if the choice of a snapshotter there is its own.
    chooses_in: Option<PathBuf>,
}

impl Daemon {
    /// Starts a daemon and waits until it serves.
    ///
    /// One daemon uses a root at a time. If another build holds it, `on_wait` is called once with the root, and the
    /// call waits for as long as that build takes. Dropping the future at any moment ends the wait, or the daemon.
    ///
    /// ```no_run
    /// use oci_image_daemon::{Daemon, DaemonError, Options, Overrides, Programs, default_root};
    ///
    /// # async fn example() -> Result<(), DaemonError> {
    /// let programs = Programs::find(&Overrides::from_env())?;
    /// let options = Options::new(default_root(), programs);
    /// let daemon = Daemon::start(options, |root| eprintln!("waiting for {}", root.display())).await?;
    /// println!("serving at {}", daemon.socket().display());
    /// daemon.stop().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Any [`DaemonError`] but [`DaemonError::Unkillable`]; nothing of the daemon is left then.
    pub async fn start(options: Options, on_wait: impl FnOnce(&Path)) -> Result<Self, DaemonError> {
        Self::start_within(Isolation::Namespaces, options, on_wait).await
    }

    async fn start_within(
        isolation: Isolation,
        options: Options,
        on_wait: impl FnOnce(&Path),
    ) -> Result<Self, DaemonError> {
        let readiness = options.readiness;
        if options.privileges.is_none() {
            blocking(Privileges::check).await?;
        }
        let lock = RootLock::acquire(&options.root, on_wait).await?;
        let Launched {
            mut daemon,
            ready,
            chooses_in,
        } = blocking(move || Self::launch(isolation, options, lock)).await?;
        daemon = daemon.await_readiness(ready, readiness).await?;
        if let Some(root) = chooses_in {
            let more = blocking(move || snapshotter::warnings(&root)).await;
            daemon.warnings.extend(more);
        }
        Ok(daemon)
    }

    /// From a locked root to a running process: everything that blocks.
    fn launch(
        isolation: Isolation,
        options: Options,
        lock: RootLock,
    ) -> Result<Launched, DaemonError> {
        let options = Options {
            root: lock.path().to_owned(),
            ..options
        };
        let (who, mut warnings) = Who::current(&options.programs);
        let runtime = RuntimeDir::create()?;
        let ready = ReadySocket::bind(&runtime)?;
        let config = config::complete(&options.config, runtime.name())?;
        runtime.write("buildkitd.toml", config.text.as_bytes())?;
        let launch = Launch::new(&options, &who, &runtime, &config);
        let isolation = who.isolation(isolation);
        let socket = runtime.socket();
        let chooses_in = (!config.names.snapshotter).then(|| lock.path().to_owned());
        let (log, output) = log::open(lock.directory(), options.log_sink)?;
        let setup = Setup {
            launch,
            isolation,
            lock,
            runtime,
            log: log.clone(),
            output,
        };
        let (process, more) = Process::spawn(setup)?;
        warnings.extend(more);
        Ok(Launched {
            daemon: Self {
                process,
                socket,
                log,
                warnings,
            },
            ready,
            chooses_in,
        })
    }

    async fn await_readiness(
        self,
        ready: ReadySocket,
        deadline: Duration,
    ) -> Result<Self, DaemonError> {
        let failure = tokio::select! {
            biased;
            exit = self.exited() => DaemonError::DiedAtStart { exit: Box::new(exit) },
            ready = ready.ready() => match ready {
                Ok(()) => return Ok(self),
                Err(error) => error,
            },
            () = tokio::time::sleep(deadline) => DaemonError::NotReady { deadline, log: self.log.tail() },
        };
        self.process.signal(Signal::KILL);
        // A process that SIGKILL does not end is reported as what it was first: not ready.
        let _ = tokio::time::timeout(STOP_DEADLINE, self.exited()).await;
        Err(failure)
    }

    /// The unix socket that the daemon serves; at most 104 bytes long.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// What the daemon has to do without on this machine; to be told to the user.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The end of what the daemon has printed so far: whole lines, at most 64 KiB, without stack traces. All of it is in
    /// `buildkitd.log` in its root.
    pub fn log_tail(&self) -> String {
        self.log.tail()
    }

    /// Resolves when the daemon has ended, however it ended: race a solve against it.
    pub fn exited(&self) -> impl Future<Output = Exit> + Send + 'static {
        self.process.exited()
    }

    /// Ends the daemon, SIGKILL after 5 s, and returns when nothing of it is left: process, mount, socket, file.
    ///
    /// Close sessions and solves first: the daemon waits for them. It exits with status 1 after SIGTERM, so the
    /// status in [`Exit`] is no verdict.
    ///
    /// # Errors
    /// [`DaemonError::Unkillable`] if it outlives SIGKILL by 5 s.
    pub async fn stop(self) -> Result<Exit, DaemonError> {
        self.stop_within(STOP_DEADLINE).await
    }

    /// The same, with SIGKILL after so long.
    ///
    /// # Errors
    /// As [`Daemon::stop`].
    pub async fn stop_within(self, patience: Duration) -> Result<Exit, DaemonError> {
        self.process.signal(Signal::TERM);
        if let Ok(exit) = tokio::time::timeout(patience, self.exited()).await {
            return Ok(exit);
        }
        self.process.signal(Signal::KILL);
        tokio::time::timeout(STOP_DEADLINE, self.exited())
            .await
            .map_err(|_elapsed| DaemonError::Unkillable {
                deadline: STOP_DEADLINE,
            })
    }
}

#[cfg(test)]
mod tests;
