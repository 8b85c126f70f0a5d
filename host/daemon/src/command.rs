//! The command line and the environment of buildkitd, for root and for an ordinary user.
//!
//! Reads: whether `BUILDKIT_STEP_LOG_MAX_*` is set, and who runs. Writes: nothing.
//! Source: BuildKit, `buildkitd --help`; rootlesskit 1.1.0, `rootlesskit --help`.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io::{self, PipeWriter};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::config::Config;
use crate::namespaces::Isolation;
use crate::options::Options;
use crate::programs::Programs;
use crate::rootless;
use crate::runtime::RuntimeDir;
use crate::warning::Warning;

/// Limits of a step's log, which the daemon otherwise clips at 2 MiB and 200 KiB/s: the real error can be missing then.
const UNLIMITED: [&str; 2] = ["BUILDKIT_STEP_LOG_MAX_SIZE", "BUILDKIT_STEP_LOG_MAX_SPEED"];

/// Logins of registries: the daemon is given them one by one, when a registry wants one.
const LOGINS: &str = "DOCKER_AUTH_CONFIG";

/// Who runs the daemon.
#[derive(Debug)]
pub(super) enum Who {
    /// Root: namespaces are ours to make.
    Root,
    /// An ordinary user: rootlesskit makes a user namespace, and the others within it.
    User {
        rootlesskit: PathBuf,
        /// Whether `/proc` can be mounted in there, so that PID namespaces are possible.
        procfs: bool,
    },
}

/// How buildkitd is run.
#[derive(Debug)]
pub(super) struct Launch {
    pub(super) program: PathBuf,
    directory: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(&'static str, OsString)>,
    withheld: Vec<OsString>,
    /// The name of the runtime: its state's directory is named like it.
    pub(super) runtime: OsString,
    /// Whether the configuration names a place for the steps' cgroups.
    pub(super) names_group: bool,
}

impl Who {
    /// The current user, and what it has to do without.
    pub(super) fn current(programs: &Programs) -> (Self, Vec<Warning>) {
        let Some(rootlesskit) = programs.rootlesskit.clone() else {
            return (Self::Root, Vec::new());
        };
        let warnings = rootless::rootless_warnings();
        let procfs = warnings.is_empty();
        let user = Self::User {
            rootlesskit,
            procfs,
        };
        (user, warnings)
    }

    /// Which namespaces we make: rootlesskit makes its own, and an ordinary user may make none.
    pub(super) fn isolation(&self, wanted: Isolation) -> Isolation {
        match self {
            Self::Root => wanted,
            Self::User { .. } => Isolation::Rootlesskit,
        }
    }
}

impl Launch {
    pub(super) fn new(options: &Options, who: &Who, runtime: &RuntimeDir, config: &Config) -> Self {
        let programs = &options.programs;
        let daemon = daemon_arguments(options, runtime, config);
        let mut environment = vec![
            ("NOTIFY_SOCKET", runtime.notify_socket().into()),
            // Sockets of ssh agents, mount points and probes: gone with the directory, not left in `/tmp`.
            ("TMPDIR", runtime.temporary().into()),
            // An image made from BuildKit's own has it on: the daemon would move us and our shell to another cgroup.
            ("BUILDKIT_SETUP_CGROUPV2_ROOT", "0".into()),
        ];
        let unset = UNLIMITED
            .into_iter()
            .filter(|name| env::var_os(name).is_none_or(|value| value.is_empty()));
        environment.extend(unset.map(|name| (name, OsString::from("-1"))));
        let (program, arguments) = match who {
            Who::Root => (programs.buildkitd.clone(), daemon),
            Who::User {
                rootlesskit,
                procfs,
            } => {
                // runc keeps its state there when it is not root.
                environment.push(("XDG_RUNTIME_DIR", runtime.path().into()));
                let arguments = rootless_arguments(*procfs, runtime, programs);
                (
                    rootlesskit.clone(),
                    arguments.into_iter().chain(daemon).collect(),
                )
            }
        };
        let runtime = programs
            .runtime
            .file_name()
            .unwrap_or(OsStr::new("runc"))
            .to_owned();
        Self {
            program,
            directory: options.directory.clone(),
            arguments,
            environment,
            withheld: options.withheld.clone(),
            runtime,
            names_group: config.names.group,
        }
    }

    /// A command that prints to `output`. It is a process group of its own, or a terminal's Ctrl-C would reach the
    /// daemon before we have closed its sessions.
    pub(super) fn command(&self, output: &PipeWriter) -> io::Result<Command> {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .current_dir(&self.directory)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .env_remove(LOGINS)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output.try_clone()?)
            .process_group(0);
        for name in &self.withheld {
            command.env_remove(name);
        }
        Ok(command)
    }
}

fn daemon_arguments(options: &Options, runtime: &RuntimeDir, config: &Config) -> Vec<OsString> {
    let mut address = OsString::from("unix://");
    address.push(runtime.socket());
    let mut arguments: Vec<OsString> = vec![
        "--root".into(),
        options.root.clone().into(),
        "--addr".into(),
        address,
        "--config".into(),
        runtime.path().join("buildkitd.toml").into(),
        // Its default is one path for all daemons of the machine.
        "--otel-socket-path".into(),
        runtime.path().join("otel.sock").into(),
        "--containerd-worker=false".into(),
        // Left alone the daemon looks for runc only, and finds no worker where there is crun.
        "--oci-worker=true".into(),
    ];
    if !config.names.runtime {
        arguments.extend([
            "--oci-worker-binary".into(),
            options.programs.runtime.clone().into(),
        ]);
    }
    if options.debug {
        arguments.push("--debug".into());
    }
    arguments
}

/// rootlesskit's arguments up to and with buildkitd and what only an ordinary user's needs.
///
/// The network is the host's: preloaded bases are served on its loopback interface. `/etc` needs no copy then.
fn rootless_arguments(procfs: bool, runtime: &RuntimeDir, programs: &Programs) -> Vec<OsString> {
    let mut state = OsString::from("--state-dir=");
    state.push(runtime.path().join("rootlesskit"));
    let mut arguments = vec![state, "--net=host".into()];
    if procfs {
        arguments.push("--pidns".into());
    }
    arguments.extend([programs.buildkitd.clone().into(), "--rootless".into()]);
    if !procfs {
        arguments.push("--oci-worker-no-process-sandbox".into());
    }
    arguments
}
