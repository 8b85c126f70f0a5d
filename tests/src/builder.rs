//! Builders: BuildKit daemons that the program under test did not start, as somebody else runs them.

use std::fs::{self, File};
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::certificates::Certificates;
use crate::engine;
use crate::network::Network;
use crate::workplace::Workplace;

/// How long one may take to start.
const DEADLINE: Duration = Duration::from_secs(30);
/// The port of one that has an address of its own.
const PORT: u16 = 1234;

/// A daemon that listens on a port and on a socket. It ends with the value, and with the thread that has started it.
#[derive(Debug)]
pub struct Builder {
    child: Child,
    home: TempDir,
    root: PathBuf,
    host: IpAddr,
    port: u16,
}

/// What is special about one.
#[derive(Default)]
struct Setting<'of> {
    certificates: Option<&'of Certificates>,
    toml: &'of str,
    network: Option<&'of Network>,
    root: Option<&'of Path>,
}

impl Builder {
    /// One on a root of its own, without TLS.
    #[must_use]
    pub fn start() -> Self {
        Self::set(&Setting::default())
    }

    /// One that speaks TLS with whoever has a certificate of the same authority.
    #[must_use]
    pub fn verified(certificates: &Certificates) -> Self {
        Self::with(Some(certificates), "")
    }

    /// One with more in its configuration.
    #[must_use]
    pub fn with(certificates: Option<&Certificates>, toml: &str) -> Self {
        Self::set(&Setting {
            certificates,
            toml,
            ..Setting::default()
        })
    }

    /// One on a machine of its own, that is plugged into a network.
    #[must_use]
    pub fn in_network(network: &Network) -> Self {
        Self::set(&Setting {
            network: Some(network),
            ..Setting::default()
        })
    }

    /// One whose root is there, on a disk of some size.
    #[must_use]
    pub fn with_root(root: &Path) -> Self {
        Self::set(&Setting {
            root: Some(root),
            ..Setting::default()
        })
    }

    fn set(setting: &Setting<'_>) -> Self {
        let home = tempfile::tempdir().expect("a directory");
        let path = |name: &str| home.path().join(name);
        fs::write(path("buildkitd.toml"), setting.toml).expect("a file");
        let ready = UnixDatagram::bind(path("ready")).expect("a socket");
        ready.set_read_timeout(Some(DEADLINE)).expect("a socket");
        let root = setting.root.map_or_else(|| path("root"), Path::to_owned);
        let (listening, port) = match setting.network {
            Some(_) => (Ipv4Addr::UNSPECIFIED, PORT),
            None => (Ipv4Addr::LOCALHOST, free_port()),
        };
        let mut command = alone(setting.network.is_some());
        command
            .arg(engine::directory().join("buildkitd"))
            .arg("--config")
            .arg(path("buildkitd.toml"))
            .arg("--root")
            .arg(&root)
            .arg(format!("--addr=unix://{}", path("socket").display()))
            .arg(format!("--addr=tcp://{listening}:{port}"))
            .arg("--otel-socket-path")
            .arg(path("otel"))
            .args(["--containerd-worker=false", "--oci-worker-net=host"]);
        if let Some(certificates) = setting.certificates {
            shows(&mut command, certificates, home.path());
        }
        let log = File::create(path("log")).expect("a file");
        let child = command
            .env("PATH", engine::path())
            .env("NOTIFY_SOCKET", path("ready"))
            .stdout(log.try_clone().expect("a file"))
            .stderr(log)
            .spawn()
            .expect("setpriv runs");
        let mut builder = Self {
            child,
            home,
            root,
            host: listening.into(),
            port,
        };
        builder.wait(&ready);
        if let Some(network) = setting.network {
            builder.host = network.plug(builder.process());
        }
        builder
    }

    /// Waits for it to be ready.
    fn wait(&self, ready: &UnixDatagram) {
        let mut message = [0; 64];
        let said = ready.recv(&mut message);
        let length = said.unwrap_or_else(|error| panic!("{error}: {}", self.log()));
        assert!(message[..length].starts_with(b"READY=1"), "{}", self.log());
    }

    /// Its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address of its machine.
    #[must_use]
    pub fn host(&self) -> IpAddr {
        self.host
    }

    /// Where it is, by its port.
    #[must_use]
    pub fn address(&self) -> String {
        format!("tcp://{}:{}", self.host, self.port)
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
        self.root.clone()
    }

    /// Sends the daemon itself a signal.
    ///
    /// # Panics
    /// If it is gone.
    pub fn signal(&self, signal: Signal) {
        let daemon = i32::try_from(self.process()).expect("a number of a process");
        let daemon = Pid::from_raw(daemon).expect("a process");
        kill_process(daemon, signal).expect("it runs");
    }

    /// The daemon itself.
    ///
    /// # Panics
    /// If it is gone.
    #[must_use]
    pub fn process(&self) -> u32 {
        let unshare = self.child.id();
        let children = fs::read_to_string(format!("/proc/{unshare}/task/{unshare}/children"));
        let daemon = children.expect("it runs");
        daemon.trim().parse().expect("a number")
    }
}

impl Drop for Builder {
    fn drop(&mut self) {
        let _ = kill_process(Pid::from_child(&self.child), Signal::KILL);
        let _ = self.child.wait();
    }
}

/// What runs a program alone: whatever ends it ends what it has started, and it ends with the thread that starts it.
fn alone(has_own_network: bool) -> Command {
    let mut command = Command::new("setpriv");
    command
        .args(["--pdeathsig", "KILL", "unshare"])
        .args(["--pid", "--mount", "--mount-proc", "--kill-child"])
        .args(has_own_network.then_some("--net"))
        .arg("--");
    command
}

/// Has a daemon show a certificate, and ask for one.
fn shows(command: &mut Command, certificates: &Certificates, home: &Path) {
    for (flag, pem) in [
        ("--tlscacert", certificates.ca.clone()),
        ("--tlscert", certificates.server()),
        ("--tlskey", certificates.server_key()),
    ] {
        let file = home.join(&flag[2..]);
        fs::write(&file, pem).expect("a file");
        command.arg(flag).arg(file);
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
