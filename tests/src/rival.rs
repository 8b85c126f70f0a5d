//! The engine without us: a buildkitd of the test's own, and buildctl to drive it.
//!
//! It lives in PID and mount namespaces of its own, so that nothing of it stays when the value is dropped.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::engine;

/// How long the daemon may take until it answers.
const READY_DEADLINE: Duration = Duration::from_secs(60);

/// A buildkitd with an empty root; it ends when this is dropped.
#[derive(Debug)]
pub struct Rival {
    daemon: Child,
    home: TempDir,
}

impl Rival {
    /// Starts the daemon and waits until it answers.
    ///
    /// # Panics
    /// If it cannot be started, or does not answer in time.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same, with variables in its environment.
    ///
    /// # Panics
    /// As [`Rival::start`].
    #[must_use]
    pub fn start_with(environment: &[(&str, &str)]) -> Self {
        let home = tempfile::Builder::new()
            .prefix("rival-")
            .tempdir()
            .expect("a directory");
        let at = |name: &str| home.path().join(name).display().to_string();
        let daemon = Command::new("unshare")
            .args(["--mount", "--pid", "--fork", "--kill-child", "--mount-proc"])
            .arg(engine::directory().join("buildkitd"))
            .args(["--root", &at("root")])
            .args(["--addr", &format!("unix://{}", at("socket"))])
            .args(["--otel-socket-path", &at("otel")])
            .arg("--containerd-worker=false")
            .env("PATH", engine::path())
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("buildkitd starts");
        let rival = Self { daemon, home };
        let deadline = Instant::now() + READY_DEADLINE;
        while !rival.buildctl(&["debug", "workers"]).0 {
            assert!(Instant::now() < deadline, "buildkitd does not answer");
        }
        rival
    }

    /// Builds `context`, and gives what buildctl printed.
    ///
    /// # Panics
    /// If the build fails.
    pub fn build(&self, context: &Path, arguments: &[&str]) -> String {
        let local = |name: &str| format!("--local={name}={}", context.display());
        let (context, dockerfile) = (local("context"), local("dockerfile"));
        let mut all = vec!["build", "--progress=plain", "--frontend=dockerfile.v0"];
        all.extend([context.as_str(), dockerfile.as_str()]);
        all.extend(arguments);
        let (succeeded, printed) = self.buildctl(&all);
        assert!(succeeded, "buildctl: {printed}");
        printed
    }

    /// Runs a script of a POSIX shell in a directory, with `buildctl` on its PATH and set to this daemon.
    ///
    /// # Panics
    /// If it fails.
    pub fn shell(&self, directory: &Path, script: &str) {
        let socket = self.home.path().join("socket");
        let output = Command::new("sh")
            .args(["-e", "-c", script])
            .current_dir(directory)
            .env("PATH", engine::path())
            .env("BUILDKIT_HOST", format!("unix://{}", socket.display()))
            .stdin(Stdio::null())
            .output()
            .expect("a shell runs");
        let printed = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{script}\n{printed}");
    }

    /// `buildctl`, set to this daemon.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Command {
        let socket = self.home.path().join("socket");
        let mut command = Command::new(engine::directory().join("buildctl"));
        command
            .arg("--addr")
            .arg(format!("unix://{}", socket.display()))
            .args(arguments)
            .stdin(Stdio::null());
        command
    }

    fn buildctl(&self, arguments: &[&str]) -> (bool, String) {
        let output = self.command(arguments).output().expect("buildctl runs");
        let printed = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.success(), printed)
    }
}

impl Drop for Rival {
    fn drop(&mut self) {
        // `--kill-child` ends the daemon, and the kernel with it all that is in its PID namespace.
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}
