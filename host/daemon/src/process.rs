//! The daemon's process and the thread that owns it.
//!
//! One thread makes the namespaces, starts the daemon, waits for it, and tidies up after it. It must stay: the signal
//! that kills the daemon when we die comes at the end of the thread that started it. Everything that outlives the
//! daemon by a moment (lock, private directory, cgroups) is this thread's, so that no way of ending forgets it.
//!
//! Reads and writes: through the modules named here.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::Child;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::process::{Signal, pidfd_send_signal};
use tokio::sync::watch;

use crate::cgroup::Group;
use crate::command::Launch;
use crate::error::DaemonError;
use crate::exit::Exit;
use crate::hierarchy::{self, Own};
use crate::log::{self, Log, Output};
use crate::namespaces::{self, Isolation, Refused};
use crate::root::RootLock;
use crate::runtime::RuntimeDir;
use crate::warning::Warning;
use crate::{mounts, root};

/// How long a killed daemon may take to end and be tidied up before `Drop` gives up on it.
const DROP_DEADLINE: Duration = Duration::from_secs(10);

/// How long others that hold the daemon's output may live on after it.
// Behind rootlesskit the daemon is a grandchild, which dies a moment after our child.
const OUTPUT_DEADLINE: Duration = Duration::from_secs(2);

/// What the supervising thread owns.
#[derive(Debug)]
pub(super) struct Setup {
    pub(super) launch: Launch,
    pub(super) isolation: Isolation,
    pub(super) lock: RootLock,
    pub(super) runtime: RuntimeDir,
    pub(super) log: Log,
    pub(super) output: Output,
}

/// A daemon's process. Dropping it kills it and waits until it is tidied up.
#[derive(Debug)]
pub(super) struct Process {
    handle: OwnedFd,
    exit: watch::Receiver<Option<Exit>>,
    /// Hangs up when the thread has ended.
    ended: Mutex<Receiver<()>>,
}

/// A thread that supervises, before it has said whether there is anything to supervise.
struct Supervisor {
    thread: JoinHandle<Option<Box<Aborted>>>,
    started: Receiver<Started>,
    exit: watch::Receiver<Option<Exit>>,
    ended: Receiver<()>,
}

/// A daemon that runs.
struct Started {
    handle: OwnedFd,
    warnings: Vec<Warning>,
}

/// What the thread has of a daemon that runs.
struct Running {
    child: Child,
    /// The cgroup in which its group is.
    own: Option<Own>,
}

/// A daemon that could not be started, and everything that another attempt needs.
struct Aborted {
    reason: Refused,
    setup: Setup,
}

impl Process {
    /// Starts the daemon; without namespaces of its own if the kernel refuses them, which is a warning.
    pub(super) fn spawn(setup: Setup) -> Result<(Self, Vec<Warning>), DaemonError> {
        let program = setup.launch.program.clone();
        let failed = |source| DaemonError::Spawn {
            program: program.clone(),
            source,
        };
        let aborted = match Supervisor::start(setup).map_err(failed)?.outcome() {
            Ok(running) => return Ok(running),
            Err(aborted) => aborted,
        };
        let Aborted {
            reason: Refused { step, source },
            setup,
        } = *aborted;
        if setup.isolation != Isolation::Namespaces {
            return Err(failed(source));
        }
        // Whatever failed: if it was not for the namespaces, it fails again and is reported then.
        let refused = Warning::NotIsolated {
            reason: format!("{step}: {source}"),
        };
        let setup = Setup {
            isolation: Isolation::None,
            ..setup
        };
        match Supervisor::start(setup).map_err(failed)?.outcome() {
            Ok((process, mut warnings)) => {
                warnings.push(refused);
                Ok((process, warnings))
            }
            Err(aborted) => Err(failed(aborted.reason.source)),
        }
    }

    /// Sends a signal; to a process that has ended it means nothing.
    pub(super) fn signal(&self, signal: Signal) {
        let _ = pidfd_send_signal(&self.handle, signal);
    }

    /// Resolves when the process has ended and is tidied up.
    pub(super) fn exited(&self) -> impl Future<Output = Exit> + Send + 'static {
        let mut exit = self.exit.clone();
        async move {
            let ended = exit.wait_for(Option::is_some).await;
            ended
                .ok()
                .and_then(|exit| exit.clone())
                .expect("the supervising thread says how the daemon ended")
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
        let ended = self.ended.get_mut().unwrap_or_else(PoisonError::into_inner);
        let _ = ended.recv_timeout(DROP_DEADLINE);
    }
}

impl Supervisor {
    fn start(setup: Setup) -> io::Result<Self> {
        let (says_started, started) = mpsc::channel();
        let (says_exit, exit) = watch::channel(None);
        let (ends, ended) = mpsc::channel::<()>();
        let thread = thread::Builder::new()
            .name("buildkitd".to_owned())
            .spawn(move || {
                let _ends = ends; // hangs up when all else is done
                supervise(setup, says_started, &says_exit)
            })?;
        Ok(Self {
            thread,
            started,
            exit,
            ended,
        })
    }

    fn outcome(self) -> Result<(Process, Vec<Warning>), Box<Aborted>> {
        if let Ok(Started { handle, warnings }) = self.started.recv() {
            return Ok((
                Process {
                    handle,
                    exit: self.exit,
                    ended: Mutex::new(self.ended),
                },
                warnings,
            ));
        }
        match self.thread.join() {
            Ok(aborted) => {
                Err(aborted.expect("a thread that started nothing gives back what it was given"))
            }
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

/// The life of a daemon, on the thread that must outlive it.
fn supervise(
    setup: Setup,
    says_started: Sender<Started>,
    says_exit: &watch::Sender<Option<Exit>>,
) -> Option<Box<Aborted>> {
    let (Running { mut child, own }, started) = match start(&setup) {
        Ok(running) => running,
        Err(reason) => return Some(Box::new(Aborted { reason, setup })),
    };
    let Setup {
        launch: _,
        isolation,
        lock,
        runtime,
        log,
        output: Output { pipe, read },
    } = setup;
    drop(pipe); // ours: the log ends with the daemon's
    // `outcome` waits for it, so that it is received.
    let _ = says_started.send(started);
    drop(says_started);
    let status = child.wait().into();
    let mut warnings = Vec::new();
    // What is printed is in the log when nobody holds the pipe any more.
    if read.recv_timeout(OUTPUT_DEADLINE) == Err(RecvTimeoutError::Timeout) {
        let reason = "a process that the daemon left behind still writes to it".to_owned();
        warnings.push(Warning::Left {
            path: lock.path().join(log::FILE),
            reason,
        });
    }
    warnings.extend(tidy(isolation, lock.path(), &runtime));
    own.iter().for_each(Own::restore);
    drop(runtime);
    drop(lock); // the last: the next daemon finds everything tidy
    says_exit.send_replace(Some(Exit {
        status,
        log: log.tail(),
        warnings,
    }));
    None
}

fn start(setup: &Setup) -> Result<(Running, Started), Refused> {
    let refused = |step| move |source| Refused { step, source };
    if setup.isolation == Isolation::Namespaces {
        namespaces::enter()?;
        // Without it a killed step leaves a file in `/run`: no reason to refuse a build.
        let _ = namespaces::hide_runtime_state(&setup.launch.runtime);
    }
    let (own, warning) = hierarchy::provide(setup.isolation, setup.launch.names_group);
    setup
        .runtime
        .sweep(own.as_ref().map(|own| own.record.cgroup.as_path()));
    let mut command = setup
        .launch
        .command(&setup.output.pipe)
        .map_err(refused("a pipe for its log"))?;
    let group = own.as_ref().and_then(|own| enter(own, &setup.runtime));
    namespaces::bind(&mut command, setup.isolation, group)
        .map_err(refused("a handle on this process"))?;
    let mut child = command
        .spawn()
        .map_err(refused("a process with a `/proc` of its own"))?;
    match namespaces::handle(&child) {
        Ok(handle) => {
            let warnings = warning.into_iter().collect();
            Ok((Running { child, own }, Started { handle, warnings }))
        }
        Err(source) => {
            // Without a handle it could never be ended safely.
            let _ = child.kill();
            let _ = child.wait();
            Err(Refused {
                step: "a handle on the daemon",
                source,
            })
        }
    }
}

/// The way into a group for the daemon itself, in our cgroup. There is none where that is not ours to put groups in: an
/// ordinary user's login, say.
fn enter(own: &Own, runtime: &RuntimeDir) -> Option<File> {
    // In this order: what is not recorded is found by nobody.
    runtime.keep(&own.record).ok()?;
    own.group(runtime.name()).ok()
}

/// Removes what a daemon and its steps leave, and ends what no namespace ended.
fn tidy(isolation: Isolation, root: &Path, runtime: &RuntimeDir) -> Vec<Warning> {
    let left = |path: &Path| {
        let path = path.to_owned();
        move |error: io::Error| Warning::Left {
            path,
            reason: error.to_string(),
        }
    };
    let mut warnings = Vec::new();
    match Group::named(runtime.name(), None) {
        Ok(group) => {
            // Where a PID namespace is the daemon's, nobody is left; behind rootlesskit it may take another moment.
            if isolation != Isolation::Namespaces {
                group.kill();
            }
            warnings.extend(group.remove());
        }
        Err(error) => warnings.push(left(Path::new("/sys/fs/cgroup"))(error)),
    }
    if isolation == Isolation::None {
        let unmounted = mounts::unmount_below(runtime.path());
        warnings.extend(unmounted.err().map(left(runtime.path())));
    }
    warnings.extend(root::tidy(root).err().map(left(root)));
    warnings.extend(runtime.remove());
    warnings
}
