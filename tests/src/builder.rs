//! Builders: BuildKit daemons that the program under test did not start, as somebody else runs them.

use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::certificates::Certificates;
use crate::engine;
use crate::workplace::Workplace;

/// How long one may take to start.
const DEADLINE: Duration = Duration::from_secs(30);

/// A daemon that listens on a port of loopback and on a socket. It ends with the value.
#[derive(Debug)]
pub struct Builder {
    child: Child,
    home: TempDir,
    port: u16,
}

impl Builder {
    /// One on a root of its own, without TLS.
    #[must_use]
    pub fn start() -> Self {
        Self::with(None, "")
    }

    /// One that speaks TLS with whoever has a certificate of the same authority.
    #[must_use]
    pub fn verified(certificates: &Certificates) -> Self {
        Self::with(Some(certificates), "")
    }

    /// One with more in its configuration.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn with(certificates: Option<&Certificates>, toml: &str) -> Self {
        let home = tempfile::tempdir().expect("a directory");
        let path = |name: &str| home.path().join(name);
        fs::write(path("buildkitd.toml"), toml).expect("a file");
        let ready = UnixDatagram::bind(path("ready")).expect("a socket");
        ready.set_read_timeout(Some(DEADLINE)).expect("a socket");
        let log = File::create(path("log")).expect("a file");
        let port = free_port();
        let mut command = Command::new("unshare");
        command
            .args(["--pid", "--mount", "--mount-proc", "--kill-child", "--"])
            .arg(engine::directory().join("buildkitd"))
            .arg("--config")
            .arg(path("buildkitd.toml"))
            .arg("--root")
            .arg(path("root"))
            .arg(format!("--addr=unix://{}", path("socket").display()))
            .arg(format!("--addr=tcp://127.0.0.1:{port}"))
            .arg("--otel-socket-path")
            .arg(path("otel"))
            .args(["--containerd-worker=false", "--oci-worker-net=host"]);
        if let Some(certificates) = certificates {
            for (flag, pem) in [
                ("--tlscacert", certificates.ca.clone()),
                ("--tlscert", certificates.server()),
                ("--tlskey", certificates.server_key()),
            ] {
                let file = path(&flag[2..]);
                fs::write(&file, pem).expect("a file");
                command.arg(flag).arg(file);
            }
        }
        let child = command
            .env("PATH", engine::path())
            .env("NOTIFY_SOCKET", path("ready"))
            .stdout(log.try_clone().expect("a file"))
            .stderr(log)
            .spawn()
            .expect("unshare runs");
        let builder = Self { child, home, port };
        let mut message = [0; 64];
        let said = ready.recv(&mut message);
        let length = said.unwrap_or_else(|error| panic!("{error}: {}", builder.log()));
        assert!(
            message[..length].starts_with(b"READY=1"),
            "{}",
            builder.log()
        );
        builder
    }

    /// Its port on loopback.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where it is, by its port.
    #[must_use]
    pub fn address(&self) -> String {
        format!("tcp://127.0.0.1:{}", self.port)
    }

    /// Its socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.home.path().join("socket")
    }

    /// What it has logged.
    ///
    /// # Panics
    /// If that cannot be read.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.home.path().join("log")).expect("a log")
    }

    /// Its root.
    #[must_use]
    pub fn root(&self) -> PathBuf {
        self.home.path().join("root")
    }

    /// Sends the daemon itself a signal.
    ///
    /// # Panics
    /// If it is gone.
    pub fn signal(&self, signal: Signal) {
        let unshare = self.child.id();
        let children = fs::read_to_string(format!("/proc/{unshare}/task/{unshare}/children"));
        let daemon = children.expect("it runs").trim().parse().expect("a number");
        let daemon = Pid::from_raw(daemon).expect("a process");
        kill_process(daemon, signal).expect("it runs");
    }
}

impl Drop for Builder {
    fn drop(&mut self) {
        let _ = kill_process(Pid::from_child(&self.child), Signal::KILL);
        let _ = self.child.wait();
    }
}

/// A build of an object on one of these builders.
#[must_use]
pub fn build_on(place: &Workplace, object: &Value, builders: &[&Builder]) -> Command {
    place.write("object.json", object.to_string());
    let mut command = place.command(&["build", "object.json"]);
    command.arg("--root").arg(place.root());
    for builder in builders {
        command.arg("--builder").arg(builder.address());
    }
    command
}

/// A port of loopback on which nobody listens.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

/// Puts the certificates of a client into a directory, under the names that `buildctl` knows.
///
/// # Panics
/// If the file system refuses.
pub fn client_certificates(certificates: &Certificates, directory: &Path) {
    fs::create_dir_all(directory).expect("a directory");
    for (name, pem) in [
        ("ca.pem", &certificates.ca),
        ("cert.pem", &certificates.client),
        ("key.pem", &certificates.client_key),
    ] {
        fs::write(directory.join(name), pem).expect("a file");
    }
}
