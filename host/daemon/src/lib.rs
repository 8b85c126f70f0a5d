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
//! - [`DaemonError`], [`Warning`]: what went wrong, and what went less well than it should.
//! - `options`, `programs`, `privileges`, `rootless`: what is checked before anything starts.
//! - `directory`, `root`, `runtime`: the directory that stays, who uses it, and the one that goes; `config`, `command`: what the daemon is told.
//! - `process`, `namespaces`, `mounts`: the daemon, and what holds it together; `hierarchy`, `cgroup`: where its steps are
//!   counted and limited, and what is tidied after them.
//! - `snapshotter`: how the file systems of steps are made.
//! - `readiness`, `log`, `error`: what it says, and what became of it.

mod cgroup;
mod command;
mod config;
mod directory;
mod error;
mod hierarchy;
mod log;
mod mounts;
mod namespaces;
mod options;
mod privileges;
mod process;
mod programs;
mod readiness;
mod root;
mod rootless;
mod runtime;
mod snapshotter;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

pub use error::{DaemonError, Warning};
pub use log::LogSink;
pub use options::temporary_directory;
pub use options::{Options, default_root};
pub use privileges::Privileges;
pub use programs::{MissingProgram, Overrides, Program, Programs};
pub use rootless::Lack;

use command::{Launch, Who};
use log::Log;
use namespaces::Isolation;
use oci_image_boundary::blocking::blocking;
use process::{Process, Setup};
use readiness::ReadySocket;
use root::RootLock;
use runtime::RuntimeDir;
use rustix::process::Signal;

/// The BuildKit that this room, and all that talk to the daemon, are written and tested against.
pub const BUILDKIT_VERSION: &str = "v0.34.2";

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

/// How a daemon ended.
#[derive(Debug, Clone)]
pub struct Exit {
    /// The status of buildkitd, or of rootlesskit where that ran it.
    pub status: Status,
    /// The end of what it printed: whole lines, at most 64 KiB, without stack traces.
    pub log: String,
    /// What could not be tidied away after it.
    pub warnings: Vec<Warning>,
}

/// What a daemon's end says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Its exit status, or the signal that ended it.
    Known(ExitStatus),
    /// Nothing: this process ignores SIGCHLD, so that the kernel keeps no status.
    Unknown,
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

impl From<io::Result<ExitStatus>> for Status {
    fn from(waited: io::Result<ExitStatus>) -> Self {
        waited.map_or(Self::Unknown, Self::Known)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(status) => status.fmt(f),
            Self::Unknown => f.write_str("its exit status is unknown"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        reason = "what surrounds a test fails it like the test itself"
    )]

    use std::fs;
    use std::process::{Child, Command, Stdio};
    use std::time::Instant;

    use super::*;

    #[test]
    fn the_version_is_the_one_that_is_built() {
        let module = include_str!("../../engine/go.mod");

        assert!(module.contains(&format!("github.com/moby/buildkit {BUILDKIT_VERSION}")));
    }

    fn engine(name: &str) -> PathBuf {
        let built = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/engine/bin");
        Path::new(&std::env::var_os("OCI_IMAGE_ENGINE").unwrap_or(built.into())).join(name)
    }

    /// A build by `buildctl` with that one step.
    fn build(daemon: &Daemon, context: &Path, step: &str) -> Child {
        let head = "FROM scratch\nCOPY busybox /busybox\nSHELL [\"/busybox\", \"sh\", \"-c\"]\n";
        fs::copy("/bin/busybox", context.join("busybox")).unwrap();
        fs::write(
            context.join("Dockerfile"),
            format!("{head}RUN /busybox {step}\n"),
        )
        .unwrap();
        let locals =
            ["context", "dockerfile"].map(|local| format!("--local={local}={}", context.display()));
        Command::new(engine("buildctl"))
            .args([
                "--addr",
                &format!("unix://{}", daemon.socket().display()),
                "build",
                "--frontend=dockerfile.v0",
            ])
            .args(locals)
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    fn runs(command: &str) -> bool {
        let processes = fs::read_dir("/proc").unwrap().flatten();
        let mut lines =
            processes.filter_map(|process| fs::read_to_string(process.path().join("cmdline")).ok());
        lines.any(|line| line.replace('\0', " ").contains(command))
    }

    /// Whether the machine's mounts, its cgroups or the state of its runc name the root or the private directory.
    fn left_of(root: &Path, private: &Path) -> [bool; 3] {
        let root = root.to_str().unwrap();
        let group = private.file_name().unwrap();
        let mut states = fs::read_dir("/run/runc").into_iter().flatten().flatten();
        [
            fs::read_to_string("/proc/self/mountinfo")
                .unwrap()
                .contains(root),
            ["", "pids"].iter().any(|hierarchy| {
                Path::new("/sys/fs/cgroup")
                    .join(hierarchy)
                    .join(group)
                    .exists()
            }),
            states.any(|state| {
                fs::read_to_string(state.path().join("state.json"))
                    .is_ok_and(|text| text.contains(root))
            }),
        ]
    }

    /// Where the kernel refuses namespaces, which this one does not: the private way in is the only one.
    #[tokio::test]
    async fn without_namespaces_a_killed_daemon_leaves_no_step_no_mount_no_cgroup_and_no_state() {
        let named = Overrides {
            buildkitd: Some(engine("buildkitd").into()),
            ..Overrides::default()
        };
        let (Ok(programs), true) = (Programs::find(&named), rustix::process::geteuid().is_root())
        else {
            println!("skipped: there is no engine, or this is not root");
            return;
        };
        let (root, context) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let options = Options::new(root.path(), programs);
        let daemon = Daemon::start_within(Isolation::None, options, |_| ())
            .await
            .unwrap();
        let private = daemon.socket().parent().unwrap().to_owned();
        let step = format!("sleep {}", 9_000_000 + std::process::id());
        let mut building = build(&daemon, context.path(), &step);
        let deadline = Instant::now() + Duration::from_secs(20);
        while !runs(&step) {
            assert!(Instant::now() < deadline, "{}", daemon.log_tail());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(
            left_of(root.path(), &private),
            [true; 3],
            "all of it is the machine's"
        );

        daemon.process.signal(Signal::KILL);
        let exit = daemon.exited().await;

        assert_eq!((exit.warnings, runs(&step)), (vec![], false));
        assert_eq!(left_of(root.path(), &private), [false; 3]);
        building.wait().unwrap();
    }
}
