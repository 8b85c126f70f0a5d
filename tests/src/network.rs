//! Networks: a client, a router, and machines behind it, which have addresses of their own.
//!
//! The client is the thread for which a network is made, and what that starts. Every part is a namespace without a name, which goes with
//! its last process, however that ends: nothing is made in the machine's own network, and any number of networks have the same addresses
//! side by side. For root only.
//!
//! Source: network_namespaces(7), veth(4), tc-tbf(8), iptables-extensions(8).

use std::cell::Cell;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;

use rustix::mount::{MountPropagationFlags, mount_bind, mount_change};
use rustix::thread::{UnshareFlags, unshare_unsafe};
use tempfile::TempDir;

use crate::engine;
use crate::far_link::{self, Way};

/// The client, and the router on its side.
const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 77, 1, 2);
const GATE: Ipv4Addr = Ipv4Addr::new(10, 77, 1, 1);
/// The router on the side of the machines. Those of the machines come ten after it.
const BRIDGE: Ipv4Addr = Ipv4Addr::new(10, 77, 2, 1);

const MACHINES: &str = "10.77.2.0/24";
/// The ends of a far link, on the client and on the router.
const NEAR: &str = "near";
const FAR: &str = "far";

/// What the kernel must know for all that may become of a way.
const KNOWN: [&str; 6] = [
    "iptables -A FORWARD -m statistic --mode random --probability 0 -j DROP",
    "iptables -A FORWARD -p tcp -j REJECT --reject-with tcp-reset",
    "iptables -A FORWARD -j REJECT --reject-with icmp-host-unreachable",
    "iptables -F FORWARD",
    "tc qdisc add dev client root tbf rate 1mbit burst 16kb latency 200ms",
    "tc qdisc del dev client root",
];

/// A network in which the thread is.
#[derive(Debug)]
pub struct Network {
    router: Child,
    /// The router ends when this does.
    _alive: ChildStdin,
    plugged: Cell<u8>,
    home: TempDir,
}

/// What may become of the way to a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing arrives any more, in neither direction, and nobody says so.
    Silence,
    /// What is sent to the machine does not arrive; what it sends does.
    NoWayThere,
    /// What the machine sends does not arrive; what is sent to it does.
    NoWayBack,
    /// Whoever sends to the machine is told that it is not connected (RST).
    Refusal,
    /// Whoever sends to the machine is told that it cannot be reached (ICMP).
    Unreachable,
    /// The machine's cable is drawn.
    Unplugged,
}

/// Runs `work` on a thread that is the client of a network; `None`, with a line that says so, where none can be made.
///
/// # Panics
/// Where `work` does; where programs are missing that `make setup` installs.
#[expect(clippy::print_stdout, reason = "where tests say that they are skipped")]
pub fn with_network<T: Send>(work: impl FnOnce(&Network) -> T + Send) -> Option<T> {
    if !rustix::process::geteuid().is_root() {
        println!("skipped: only root may make a network");
        return None;
    }
    for program in ["ip", "tc", "iptables"] {
        let mut directories = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"].into_iter();
        let is_there = directories.any(|directory| Path::new(directory).join(program).exists());
        assert!(is_there, "no `{program}`; run `make setup`");
    }
    let work = || match Network::new() {
        Ok(network) => Some(work(&network)),
        Err(reason) => {
            println!("skipped: no network can be made: {reason}");
            None
        }
    };
    let done = thread::scope(|scope| scope.spawn(work).join());
    done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

impl Network {
    /// Leaves the thread's network for one of its own, and connects that to a router.
    fn new() -> Result<Self, String> {
        let flags = UnshareFlags::NEWNET | UnshareFlags::NEWNS;
        // SAFETY: without FILES in the flags the table of file descriptors stays shared with the other threads.
        unsafe { unshare_unsafe(flags) }.map_err(|error| format!("unshare: {error}"))?;
        let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
        mount_change("/", private).map_err(|error| format!("private mounts: {error}"))?;
        let mut router = Command::new("unshare")
            .args(["--net", "--", "sh", "-c", "echo; exec cat"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("unshare runs");
        let alive = router.stdin.take().expect("it is piped");
        let mut lines = BufReader::new(router.stdout.take().expect("it is piped"));
        let is_there = lines.read_line(&mut String::new()).expect("a line") > 0;
        let network = Self {
            router,
            _alive: alive,
            plugged: Cell::new(0),
            home: tempfile::tempdir().expect("a directory"),
        };
        if !is_there {
            return Err("the router has no network".to_owned());
        }
        let process = network.router.id();
        here("ip link set lo up")?;
        here(&format!(
            "ip link add eth0 type veth peer name client netns {process}"
        ))?;
        here(&format!("ip addr add {CLIENT}/24 dev eth0"))?;
        here("ip link set eth0 gso_max_segs 1 up")?;
        here(&format!("ip route add default via {GATE}"))?;
        network.on_router("sh -c echo${IFS}1>/proc/sys/net/ipv4/ip_forward")?;
        network.on_router(&format!("ip addr add {GATE}/24 dev client"))?;
        network.on_router("ip link set client gso_max_segs 1 up")?;
        network.on_router("ip link add br0 type bridge")?;
        network.on_router(&format!("ip addr add {BRIDGE}/24 dev br0"))?;
        network.on_router("ip link set br0 up")?;
        for known in KNOWN {
            network.on_router(known)?;
        }
        Ok(network)
    }

    /// Connects the machine of a process, and tells its address.
    pub(crate) fn plug(&self, process: u32) -> IpAddr {
        let number = self.plugged.get() + 1;
        self.plugged.set(number);
        let [a, b, c, last] = BRIDGE.octets();
        let address = Ipv4Addr::new(a, b, c, last + 9 + number).into();
        let cable = cable(address);
        self.must(&format!(
            "ip link add {cable} type veth peer name eth0 netns {process}"
        ));
        self.must(&format!("ip link set {cable} gso_max_segs 1 master br0 up"));
        for command in [
            "ip link set lo up",
            "ip link set eth0 gso_max_segs 1 up",
            &format!("ip addr add {address}/24 dev eth0"),
            &format!("ip route add default via {BRIDGE}"),
        ] {
            run_in(process, command).unwrap_or_else(|said| panic!("{said}"));
        }
        address
    }

    /// Makes trouble on the way to a machine.
    pub fn trouble(&self, host: IpAddr, trouble: Trouble) {
        let rule = |what: String| self.must(&format!("iptables -w -A FORWARD {what}"));
        let there = |target: &str| rule(format!("-d {host} {target}"));
        let back = || rule(format!("-s {host} -j DROP"));
        match trouble {
            Trouble::Silence => {
                there("-j DROP");
                back();
            }
            Trouble::NoWayThere => there("-j DROP"),
            Trouble::NoWayBack => back(),
            Trouble::Refusal => there("-p tcp -j REJECT --reject-with tcp-reset"),
            Trouble::Unreachable => there("-j REJECT --reject-with icmp-host-unreachable"),
            Trouble::Unplugged => self.must(&format!("ip link set {} down", cable(host))),
        }
    }

    /// Loses so many packets of a thousand, in each direction.
    pub fn lose(&self, of_thousand: u32) {
        let probability = f64::from(of_thousand) / 1000.0;
        self.must(&format!(
            "iptables -w -A FORWARD -m statistic --mode random --probability {probability} -j DROP"
        ));
    }

    /// Lets no more than so many kilobits a second through, in each direction.
    pub fn narrow(&self, kilobits: u32) {
        for link in ["client", "br0"] {
            self.must(&narrow(link, kilobits));
        }
    }

    /// Lets no more than so many kilobits a second come from the machine of a process.
    ///
    /// # Panics
    /// If the system refuses.
    pub fn starve(&self, process: u32, kilobits: u32) {
        run_in(process, &narrow("eth0", kilobits)).unwrap_or_else(|said| panic!("{said}"));
    }

    /// Lets no more than so many kilobits a second reach a machine.
    pub fn starve_there(&self, host: IpAddr, kilobits: u32) {
        self.must(&narrow(&cable(host), kilobits));
    }

    /// Has the client be so far away from all machines; `false`, with a line that says so, where the kernel has no devices for that.
    ///
    /// # Panics
    /// If it is done twice.
    #[expect(clippy::print_stdout, reason = "where tests say that they are skipped")]
    pub fn distance(&self, way: Way) -> bool {
        let near = match far_link::device(NEAR) {
            Ok(near) => near,
            Err(error) => {
                println!("skipped: no device for packets: {error}");
                return false;
            }
        };
        let far = far_link::device_in(self.router.id(), FAR).expect("as the other one");
        far_link::join(near, far, way).expect("handles");
        self.must(&format!("ip link set {FAR} up"));
        self.must(&format!("ip route add {CLIENT}/32 dev {FAR}"));
        for command in [
            format!("ip link set {NEAR} up"),
            format!("ip route add {MACHINES} dev {NEAR} src {CLIENT}"),
        ] {
            here(&command).unwrap_or_else(|said| panic!("{said}"));
        }
        true
    }

    /// Has a name stand for these addresses, and for no others.
    ///
    /// # Panics
    /// If the file system refuses.
    pub fn name(&self, name: &str, hosts: &[IpAddr]) {
        let file = self.home.path().join("hosts");
        let is_new = !file.exists();
        let lines = hosts.iter().map(|host| format!("{host} {name}\n"));
        fs::write(&file, lines.collect::<String>()).expect("a file");
        if is_new {
            mount_bind(&file, "/etc/hosts").expect("a mount that this thread alone sees");
        }
    }

    fn must(&self, command: &str) {
        self.on_router(command)
            .unwrap_or_else(|said| panic!("{said}"));
    }

    fn on_router(&self, command: &str) -> Result<(), String> {
        run_in(self.router.id(), command)
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // Where there are any: what carries packets between them ends.
        let _ = here(&format!("ip link del {NEAR}"));
        let _ = self.on_router(&format!("ip link del {FAR}"));
        let _ = self.router.kill();
        let _ = self.router.wait();
    }
}

/// How many bytes the machine of a process has received and sent.
///
/// # Panics
/// If it is gone.
#[must_use]
pub fn carried(process: u32) -> (u64, u64) {
    let path = format!("/proc/{process}/net/dev");
    let text = fs::read_to_string(path).expect("it runs");
    let line = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("eth0:"));
    let fields = line.expect("it is plugged").split_whitespace();
    let fields: Vec<u64> = fields.filter_map(|field| field.parse().ok()).collect();
    (fields[0], fields[8])
}

/// The router's end of the cable to a machine.
fn cable(address: IpAddr) -> String {
    let address = address.to_string();
    let last = address.rsplit('.').next().expect("a number");
    format!("to{last}")
}

/// What lets no more than so many kilobits a second into a link.
fn narrow(link: &str, kilobits: u32) -> String {
    format!("tc qdisc add dev {link} root tbf rate {kilobits}kbit burst 16kb latency 200ms")
}

fn here(command: &str) -> Result<(), String> {
    run(Command::new("env"), command)
}

/// Runs a command in the network of a process.
fn run_in(process: u32, command: &str) -> Result<(), String> {
    let mut inside = Command::new("nsenter");
    inside.arg(format!("--net=/proc/{process}/ns/net"));
    run(inside, command)
}

fn run(mut within: Command, command: &str) -> Result<(), String> {
    let output = within
        .args(command.split(' '))
        .env("PATH", engine::path())
        .output()
        .expect("it runs");
    match output.status.success() {
        true => Ok(()),
        false => {
            let said = String::from_utf8_lossy(&output.stderr);
            Err(format!("`{command}`: {}", said.trim()))
        }
    }
}
