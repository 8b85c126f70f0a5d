//! A real daemon for a test, with a root, a socket and a configuration of its own.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot set its case up has failed"
)]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::Arc;
use std::time::{Duration, Instant};

use oci_image::boundary::handle::Directory;
use oci_image::buildkit::client::Client;
use oci_image::buildkit::context::Local;
use oci_image::buildkit::endpoint::Endpoint;
use oci_image::buildkit::sink::FileSink;
use oci_image::buildkit::solve::{Exporter, Solve, SolveError, Solved};
use oci_image::buildkit::status::Status;
use tempfile::TempDir;
use tokio::sync::mpsc;

use crate::engine;

/// How long the daemon may take to start.
const DEADLINE: Duration = Duration::from_secs(30);

/// A running daemon; stopped when dropped.
pub struct Daemon {
    child: Child,
    directory: TempDir,
    /// A client of it.
    pub client: Client,
}

impl Daemon {
    /// Starts a daemon on a fresh root, with the given TOML.
    pub async fn start(toml: &str) -> Self {
        Self::start_within(&[], toml).await
    }

    /// The same in a network of its own, in which nothing is reached: only its socket.
    pub async fn start_apart(toml: &str) -> Self {
        Self::start_within(&["--net"], toml).await
    }

    async fn start_within(namespaces: &[&str], toml: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        fs::write(path("buildkitd.toml"), toml).unwrap();
        let ready = UnixDatagram::bind(path("ready.sock")).unwrap();
        ready.set_read_timeout(Some(DEADLINE)).unwrap();
        let log = File::create(path("log")).unwrap();
        // In namespaces of its own: whatever ends the daemon ends its steps and their mounts.
        let child = Command::new("unshare")
            .args(["--pid", "--mount", "--mount-proc", "--kill-child"])
            .args(namespaces)
            .arg("--")
            .arg(program("buildkitd"))
            .arg("--root")
            .arg(path("root"))
            .arg("--addr")
            .arg(format!("unix://{}", path("socket").display()))
            .arg("--config")
            .arg(path("buildkitd.toml"))
            .arg("--otel-socket-path")
            .arg(path("otel.sock"))
            .args(["--containerd-worker=false", "--oci-worker-net=host"])
            .env("NOTIFY_SOCKET", path("ready.sock"))
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut message = [0; 64];
        let length = ready.recv(&mut message).unwrap_or_else(|error| {
            panic!(
                "not ready: {error}: {}",
                fs::read_to_string(path("log")).unwrap_or_default()
            )
        });
        assert!(
            message[..length].starts_with(b"READY=1"),
            "{:?}",
            &message[..length]
        );
        let client = Client::connect(&Endpoint::socket(&path("socket")))
            .await
            .unwrap();
        Self {
            child,
            directory,
            client,
        }
    }

    /// Where the daemon listens.
    pub fn socket(&self) -> PathBuf {
        self.directory.path().join("socket")
    }

    /// Asks the daemon to stop, and tells how long it took.
    pub async fn stop(mut self) -> Duration {
        let started = Instant::now();
        let unshare = self.child.id();
        let children = fs::read_to_string(format!("/proc/{unshare}/task/{unshare}/children"));
        let daemon = children.unwrap().trim().parse().unwrap();
        let daemon = rustix::process::Pid::from_raw(daemon).unwrap();
        rustix::process::kill_process(daemon, rustix::process::Signal::TERM).unwrap();
        tokio::task::spawn_blocking(move || self.child.wait().unwrap())
            .await
            .unwrap();
        started.elapsed()
    }

    /// Ends the daemon without a warning.
    pub fn kill(&self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
    }

    /// What the daemon has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.kill();
        let _ = self.child.wait();
    }
}

/// What one solve did.
pub struct Outcome {
    /// How it ended.
    pub result: Result<Solved, SolveError>,
    /// What the daemon reported, in the order of its arrival.
    pub reports: Vec<Status>,
}

impl Outcome {
    /// Everything that vertices printed.
    pub fn logs(&self) -> String {
        let logs = self.reports.iter().flat_map(|report| &report.logs);
        logs.map(|log| String::from_utf8_lossy(&log.message).into_owned())
            .collect()
    }

    /// Whether the step, by the end of its name, came out of the cache.
    pub fn is_cached(&self, step: &str) -> bool {
        let vertices = self.reports.iter().flat_map(|report| &report.vertices);
        let last = vertices.rev().find(|vertex| vertex.name.ends_with(step));
        last.unwrap_or_else(|| panic!("no step {step} in {:?}", self.reports))
            .cached
    }
}

/// Solves to the end.
pub async fn solve(daemon: &Daemon, solve: Solve) -> Outcome {
    let (sender, mut receiver) = mpsc::channel(64);
    let mut reports = Vec::new();
    let taken = async {
        while let Some(report) = receiver.recv().await {
            reports.push(report);
        }
    };
    let (result, ()) = tokio::join!(daemon.client.solve(solve, sender), taken);
    Outcome { result, reports }
}

/// A context: a Dockerfile and a static busybox, which is all that `RUN` needs on `scratch`.
pub struct Context {
    directory: TempDir,
}

impl Context {
    /// A context whose Dockerfile goes on after the shell is there.
    pub fn new(steps: &str) -> Self {
        let head =
            "FROM scratch\nCOPY busybox /bin/busybox\nSHELL [\"/bin/busybox\", \"sh\", \"-ec\"]\n";
        Self::with_dockerfile(&format!("{head}{steps}"))
    }

    /// A context with this Dockerfile.
    pub fn with_dockerfile(dockerfile: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("Dockerfile"), dockerfile).unwrap();
        fs::copy("/bin/busybox", directory.path().join("busybox")).unwrap();
        Self { directory }
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// A solve of this context, without exporters.
    pub fn solve(&self) -> Solve {
        let local = |name: &str| Local {
            name: name.into(),
            directory: Directory::open(self.path()).unwrap(),
        };
        Solve {
            frontend: "dockerfile.v0".into(),
            frontend_attributes: BTreeMap::from([("filename".into(), "Dockerfile".into())]),
            locals: vec![local("context"), local("dockerfile")],
            ..Solve::default()
        }
    }
}

/// What writes a file.
fn file(path: &Path) -> Arc<FileSink> {
    let directory = Directory::open(path.parent().unwrap()).unwrap();
    Arc::new(FileSink::new(directory, path.file_name().unwrap()))
}

/// An exporter of an archive to a file.
pub fn docker(path: &Path) -> Exporter {
    Exporter::Docker {
        attributes: BTreeMap::new(),
        sink: file(path),
    }
}

/// An exporter of the merged tree to a file.
pub fn tar(path: &Path) -> Exporter {
    Exporter::Tar {
        attributes: BTreeMap::new(),
        sink: file(path),
    }
}

/// A program of the engine.
pub fn program(name: &str) -> PathBuf {
    engine::directory().join(name)
}

/// The regular files of an archive, by name.
pub fn files(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut archive = tar::Archive::new(File::open(path).unwrap());
    let mut files = BTreeMap::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().to_str().unwrap().to_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        files.insert(name, bytes);
    }
    files
}
