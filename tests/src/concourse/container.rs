//! The container, and what a task leaves in it.

use std::fs::{self, File};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::process::{getpid, set_child_subreaper};
use serde_json::Value;

use super::capability::Rights;
use super::process::Process;
use super::specification::{self, WORKING_DIRECTORY};
use crate::product;
use crate::workplace::Workplace;

static CONTAINERS: AtomicU32 = AtomicU32::new(0);

/// A container whose init sleeps; dropping it ends all that runs in it.
#[derive(Debug)]
pub struct Container<'a> {
    place: &'a Workplace,
    rights: Rights,
    home: PathBuf,
    name: String,
    init: u32,
    mounts: String,
}

impl<'a> Container<'a> {
    /// Starts a container with a fresh volume for the daemon, and each directory of the workplace as a volume of the task;
    /// `None`, with a line that says so, where only root may.
    ///
    /// # Panics
    /// If runc refuses.
    #[must_use]
    #[expect(clippy::print_stdout, reason = "where tests say that they are skipped")]
    pub fn start(place: &'a Workplace, rights: Rights) -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            println!("skipped: only root may start a container");
            return None;
        }
        // Whoever loses its parent becomes a child of this process, which so sees how a task's process ends.
        set_child_subreaper(Some(getpid())).expect("Linux has it since 3.4");
        let number = CONTAINERS.fetch_add(1, Ordering::Relaxed);
        let name = format!("oci-image-test-{}-{number}", std::process::id());
        let home = place.path("..").join(&name);
        fs::create_dir(&home).expect("a directory");
        let mut container = Self {
            place,
            rights,
            home: home.canonicalize().expect("it is there"),
            name,
            init: 0,
            mounts: String::new(),
        };
        product::install(&container.home.join("rootfs"));
        let volumes = container.volumes();
        let specification = specification::container(&container.name, rights, volumes);
        container.write("config.json", &specification);
        container.runc(&["run", "--detach", "--pid-file", "init.pid", "--bundle", "."]);
        container.init = container.number("init.pid");
        container.mounts = container.mounts_now();
        Some(container)
    }

    /// Starts a task's process with these parameters.
    ///
    /// # Panics
    /// If runc refuses.
    #[must_use]
    pub fn task(&self, parameters: &[(&str, &str)], command: &[&str]) -> Process<'a> {
        let process = specification::process(self.rights, parameters, command);
        self.write("process.json", &process);
        let socket = self.home.join("console.sock");
        let listener = UnixListener::bind(&socket).expect("a socket");
        let files = ["--process", "process.json", "--pid-file", "task.pid"];
        let exec = ["exec", "--detach", "--console-socket", "console.sock"];
        self.runc(&[&exec[..], &files].concat());
        fs::remove_file(socket).expect("the socket is there");
        Process::new(self.place, self.number("task.pid"), &listener)
    }

    /// What a task has left in the container: processes beside the init, and mounts.
    ///
    /// # Panics
    /// If the init has gone.
    #[must_use]
    pub fn leftovers(&self) -> Vec<String> {
        let known: Vec<&str> = self.mounts.lines().collect();
        let mounts = self.mounts_now();
        let mounted = mounts
            .lines()
            .filter(|mount| !known.contains(mount))
            .map(str::to_owned);
        descendants(self.init).into_iter().chain(mounted).collect()
    }

    /// A path in the container's root filesystem.
    #[must_use]
    pub fn path(&self, below: &str) -> PathBuf {
        self.home.join("rootfs").join(below)
    }

    /// Directories of their own, and where they are in the container: parents first.
    fn volumes(&self) -> Vec<(PathBuf, String)> {
        let own = [("scratch", "/scratch"), ("work", WORKING_DIRECTORY)];
        let own = own.map(|(name, place)| {
            let directory = self.home.join(name);
            fs::create_dir(&directory).expect("a directory");
            (directory, place.to_owned())
        });
        let of_task = self.place.names("").into_iter().map(|name| {
            let place = format!("{WORKING_DIRECTORY}/{name}");
            (self.place.path(name), place)
        });
        own.into_iter()
            .chain(of_task.filter(|(directory, _)| directory.is_dir()))
            .collect()
    }

    fn mounts_now(&self) -> String {
        fs::read_to_string(format!("/proc/{}/mountinfo", self.init)).expect("the init sleeps")
    }

    fn number(&self, file: &str) -> u32 {
        let text = fs::read_to_string(self.home.join(file)).expect("runc has written it");
        text.trim().parse().expect("a process ID")
    }

    fn write(&self, file: &str, value: &Value) {
        fs::write(self.home.join(file), value.to_string()).expect("a file");
    }

    /// Runs runc with arguments and this container's name; what it says is in `runc.log`.
    fn runc(&self, arguments: &[&str]) {
        let log = File::create(self.home.join("runc.log")).expect("a log");
        let status = Command::new("runc")
            .args(["--root", "state"])
            .args(arguments)
            .arg(&self.name)
            .current_dir(&self.home)
            .env("PATH", crate::engine::path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .status();
        let said = fs::read_to_string(self.home.join("runc.log")).unwrap_or_default();
        assert!(
            status.expect("runc runs").success(),
            "runc {arguments:?}: {said}"
        );
    }
}

impl Drop for Container<'_> {
    fn drop(&mut self) {
        // If it cannot be ended here, the test has failed before.
        let _ = Command::new("runc")
            .args(["--root", "state", "delete", "--force"])
            .arg(&self.name)
            .current_dir(&self.home)
            .env("PATH", crate::engine::path())
            .stderr(Stdio::null())
            .status();
    }
}

/// The processes below one, with their commands; not those that have ended and wait to be seen.
fn descendants(ancestor: u32) -> Vec<String> {
    let parents: Vec<(u32, u32, String)> = fs::read_dir("/proc")
        .expect("/proc")
        .filter_map(|entry| process(&entry.ok()?.path()))
        .collect();
    let mut found = vec![ancestor];
    let mut lines = Vec::new();
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        for (id, _, command) in parents.iter().filter(|(_, of, _)| *of == parent) {
            found.push(*id);
            // The sleep of the init itself.
            if command != "sleep 3600" {
                lines.push(format!("{id}: {command}"));
            }
        }
        next += 1;
    }
    lines
}

/// A process that has not ended: its ID, its parent's, its command.
fn process(directory: &Path) -> Option<(u32, u32, String)> {
    let id = directory.file_name()?.to_str()?.parse().ok()?;
    let status = fs::read_to_string(directory.join("status")).ok()?;
    let value = |key| {
        status
            .lines()
            .find_map(|line: &str| line.strip_prefix(key))
            .map(str::trim)
    };
    if value("State:")?.starts_with('Z') {
        return None;
    }
    let command = fs::read(directory.join("cmdline")).ok()?;
    let command = String::from_utf8_lossy(&command)
        .trim_end_matches('\0')
        .replace('\0', " ");
    Some((id, value("PPid:")?.parse().ok()?, command))
}
