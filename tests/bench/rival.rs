//! The other side: the same build by hand, with `buildkitd` and `buildctl`.
//!
//! Start the daemon, wait until it answers, build, stop the daemon: what a script in a task would do. The daemon gets the
//! flags that ours gets, so that only what surrounds it differs.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use wait4::Wait4;

use crate::{
    error::BenchError,
    measure::{self, Sample},
    setting::{Log, Setting},
};

/// How long the daemon may take until it answers.
const READY_DEADLINE: Duration = Duration::from_secs(30);

/// `buildkitd` and `buildctl` with a root and an output of their own.
pub(crate) struct Rival<'setting> {
    setting: &'setting Setting,
    context: PathBuf,
    /// What each call of `buildctl build` gets besides the context, in their order.
    solves: Vec<Vec<String>>,
    /// What runs after them, while the daemon still does.
    afterwards: Option<Vec<String>>,
    /// Whether the calls of `buildctl build` run side by side.
    is_at_once: bool,
    root: PathBuf,
    /// Holds the daemon's sockets: a socket's path must be short.
    sockets: TempDir,
}

/// A daemon that runs for several builds.
pub(crate) struct Standing<'rival> {
    daemon: Daemon,
    rival: &'rival Rival<'rival>,
}

/// A daemon that runs; dropped, it is killed.
struct Daemon {
    child: Option<Child>,
    log: Log,
}

impl<'setting> Rival<'setting> {
    /// Prepares to build this context, with a daemon root that is empty.
    pub(crate) fn new(setting: &'setting Setting, context: &Path) -> Result<Self, BenchError> {
        let image = setting.fresh_dir("image-by-hand")?.join("image.tar");
        let output = format!("type=docker,dest={}", image.display());
        let solve = vec!["--output".to_owned(), output];
        Self::solving(setting, context, vec![solve], None)
    }

    /// Prepares to solve this context several times, one after the other, each time with these arguments; and to run
    /// another program then.
    pub(crate) fn solving(
        setting: &'setting Setting,
        context: &Path,
        solves: Vec<Vec<String>>,
        afterwards: Option<Vec<String>>,
    ) -> Result<Self, BenchError> {
        Ok(Self {
            setting,
            context: context.to_owned(),
            solves,
            afterwards,
            is_at_once: false,
            root: setting.fresh_dir("root-by-hand")?,
            sockets: TempDir::new().map_err(BenchError::file("create", std::env::temp_dir()))?,
        })
    }

    /// The same with all solves at the same time.
    pub(crate) fn at_once(self) -> Self {
        Self {
            is_at_once: true,
            ..self
        }
    }

    /// Empties the daemon's root: the next build is the first.
    pub(crate) fn forget(&self) -> Result<(), BenchError> {
        self.setting.fresh_dir("root-by-hand").map(drop)
    }

    /// One build on a root that is empty.
    pub(crate) fn build_cold(&self) -> Result<Sample, BenchError> {
        self.forget()?;
        self.build()
    }

    /// Daemon up, build, daemon down. The peak is that of `buildctl`, which does what our process does, and of what runs
    /// after it.
    pub(crate) fn build(&self) -> Result<Sample, BenchError> {
        let started = Instant::now();
        let mut daemon = self.start()?;
        let mut cpu = self.wait_until_ready(&mut daemon)?;
        let mut peak = 0;
        for used in self.work()? {
            cpu += used.cpu;
            peak = peak.max(used.peak);
        }
        cpu += daemon.stop()?;
        Ok(Sample {
            wall: started.elapsed(),
            cpu,
            peak,
        })
    }

    /// Starts the daemon for several builds.
    pub(crate) fn stand(&self) -> Result<Standing<'_>, BenchError> {
        let mut daemon = self.start()?;
        self.wait_until_ready(&mut daemon)?;
        Ok(Standing {
            daemon,
            rival: self,
        })
    }

    /// One `buildctl build` on a daemon at an address.
    pub(crate) fn build_on(&self, address: &str) -> Result<Sample, BenchError> {
        let mut solves = self.solves(address);
        let log = self.setting.log("buildctl");
        let mut sample = Sample {
            wall: Duration::ZERO,
            cpu: Duration::ZERO,
            peak: 0,
        };
        for solve in &mut solves {
            let used = measure::run(solve, &log)?;
            sample.wall += used.wall;
            sample.cpu += used.cpu;
            sample.peak = sample.peak.max(used.peak);
        }
        Ok(sample)
    }

    /// The solves, and what runs after them.
    fn work(&self) -> Result<Vec<Sample>, BenchError> {
        let (mut solves, afterwards) = (self.solves(&self.address()), self.afterwards());
        let mut samples = if self.is_at_once {
            let logs =
                (0..solves.len()).map(|number| self.setting.log(&format!("buildctl-{number}")));
            measure::run_at_once(&mut solves, &logs.collect::<Vec<_>>())?
        } else {
            let log = self.setting.log("buildctl");
            let one = |solve| measure::run(solve, &log);
            solves.iter_mut().map(one).collect::<Result<_, _>>()?
        };
        if let Some(mut program) = afterwards {
            samples.push(measure::run(&mut program, &self.setting.log("afterwards"))?);
        }
        Ok(samples)
    }

    fn start(&self) -> Result<Daemon, BenchError> {
        let log = self.setting.log("buildkitd");
        let mut command = Command::new(&self.setting.buildkitd);
        command
            .env("PATH", &self.setting.path)
            .arg("--root")
            .arg(&self.root)
            .args(["--addr", &self.address()])
            .arg("--otel-socket-path")
            .arg(self.sockets.path().join("otel"))
            .args([
                "--containerd-worker=false",
                "--oci-worker-snapshotter=overlayfs",
            ])
            .stdin(Stdio::null());
        let (_, child) = measure::start(&mut command, &log)?;
        Ok(Daemon {
            child: Some(child),
            log,
        })
    }

    /// Asks until the daemon answers; returns the processor time that the asking took.
    fn wait_until_ready(&self, daemon: &mut Daemon) -> Result<Duration, BenchError> {
        let log = self.setting.log("buildctl");
        let deadline = Instant::now() + READY_DEADLINE;
        let mut cpu = Duration::ZERO;
        while Instant::now() < deadline && daemon.is_running() {
            // A refused connection ends it after about 20 ms: no pause is needed between two.
            let mut command = self.buildctl(&self.address());
            command.args(["debug", "workers"]);
            let (_, child) = measure::start(&mut command, &log)?;
            let used = child.wait4().map_err(|source| BenchError::Run {
                program: "buildctl".to_owned(),
                source,
            })?;
            cpu += used.rusage.utime + used.rusage.stime;
            if used.status.success() {
                return Ok(cpu);
            }
        }
        Err(BenchError::NotReady {
            log: daemon.log.tail(),
        })
    }

    fn socket(&self) -> PathBuf {
        self.sockets.path().join("buildkitd")
    }

    fn address(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    fn buildctl(&self, address: &str) -> Command {
        let mut command = Command::new(&self.setting.buildctl);
        command
            .env("PATH", &self.setting.path)
            .args(["--addr", address])
            .stdin(Stdio::null());
        command
    }

    fn solves(&self, address: &str) -> Vec<Command> {
        let local = |name: &str| format!("{name}={}", self.context.display());
        let solve = |arguments: &Vec<String>| {
            let mut command = self.buildctl(address);
            command
                .args(["build", "--progress=plain", "--frontend=dockerfile.v0"])
                .args(["--local", &local("context")])
                .args(["--local", &local("dockerfile")])
                .args(arguments);
            command
        };
        self.solves.iter().map(solve).collect()
    }

    fn afterwards(&self) -> Option<Command> {
        let (program, arguments) = self.afterwards.as_ref()?.split_first()?;
        let mut command = Command::new(program);
        command.env("PATH", &self.setting.path).args(arguments);
        Some(command)
    }
}

impl Standing<'_> {
    /// Where it listens.
    pub(crate) fn socket(&self) -> PathBuf {
        self.rival.socket()
    }

    /// Ends it.
    pub(crate) fn end(self) -> Result<(), BenchError> {
        self.daemon.stop().map(drop)
    }
}

impl Daemon {
    fn is_running(&mut self) -> bool {
        self.child
            .as_mut()
            .is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    /// Asks it to stop and waits for it; returns the processor time of its whole life.
    fn stop(mut self) -> Result<Duration, BenchError> {
        let failed = |source| BenchError::Run {
            program: "buildkitd".to_owned(),
            source,
        };
        let Some(child) = self.child.take() else {
            return Ok(Duration::ZERO); // only `stop` takes it, and it takes `self`
        };
        // If it is gone already, waiting tells how it ended.
        let _ = kill_process(Pid::from_child(&child), Signal::TERM);
        let used = child.wait4().map_err(failed)?;
        Ok(used.rusage.utime + used.rusage.stime)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // Reached only when the measurement has failed already: that error is the one to report.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
