//! Traces: what a build leaves on the machine, and the signals and waits that tests of it need.
//!
//! Only what belongs to one workplace counts: processes that name its directories, mounts below them, sockets and
//! temporary files in them. Tests run beside each other.

use std::fs;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::workplace::Workplace;

static MARKS: AtomicU32 = AtomicU32::new(0);

impl Workplace {
    /// A number that no other test has, fit for `sleep`: it finds a step's process again.
    #[must_use]
    pub fn mark(&self) -> String {
        format!(
            "9{:07}{:03}",
            std::process::id(),
            MARKS.fetch_add(1, Ordering::Relaxed)
        )
    }

    /// Processes whose command line holds `part` and that belong to this workplace by that or by naming its directory.
    #[must_use]
    pub fn processes(&self, part: &str) -> Vec<u32> {
        let home = self.path("..");
        let home = home
            .canonicalize()
            .unwrap_or(home)
            .to_string_lossy()
            .into_owned();
        command_lines()
            .filter(|(_, line)| {
                line.contains(part) && (line.contains(&home) || line.contains("sleep 9"))
            })
            .map(|(pid, _)| pid)
            .collect()
    }

    /// Steps of this workplace's daemon whose command line holds `part`: by what is mounted for them.
    #[must_use]
    pub fn steps(&self, part: &str) -> Vec<u32> {
        let home = self
            .path("..")
            .canonicalize()
            .expect("the workplace stands");
        // Its whole path is not in them where its file system is mounted below `/`.
        let name = home.file_name().unwrap_or_default().to_string_lossy();
        let is_ours = |pid: &u32| {
            let mounts = fs::read_to_string(format!("/proc/{pid}/mountinfo"));
            // It may have ended meanwhile.
            mounts.is_ok_and(|mounts| mounts.contains(&*name))
        };
        let found = command_lines().filter(|(_, line)| line.contains(part));
        found.map(|(pid, _)| pid).filter(is_ours).collect()
    }

    /// Processes that name this workplace's directories.
    #[must_use]
    pub fn running(&self) -> Vec<String> {
        let home = self
            .path("..")
            .canonicalize()
            .expect("the workplace stands")
            .to_string_lossy()
            .into_owned();
        command_lines()
            .filter(|(_, line)| line.contains(&home))
            .map(|(pid, line)| format!("{pid}: {line}"))
            .collect()
    }

    /// Everything that a build should not have left: processes, mounts, temporary files.
    #[must_use]
    pub fn leftovers(&self) -> Vec<String> {
        let home = self
            .path("..")
            .canonicalize()
            .expect("the workplace stands");
        let mounts = fs::read_to_string("/proc/self/mountinfo").expect("mounts");
        let mounted = mounts
            .lines()
            .filter(|line| line.contains(&*home.to_string_lossy()))
            .map(str::to_owned);
        let temporary = list(&self.temporary());
        self.running()
            .into_iter()
            .chain(mounted)
            .chain(temporary)
            .collect()
    }

    /// Sends a signal to a program that this test started.
    ///
    /// # Panics
    /// If it cannot be sent.
    pub fn signal(&self, child: &Child, name: &str) {
        self.signal_process(child.id(), name);
    }

    /// Sends a signal to a process of this workplace.
    ///
    /// # Panics
    /// If it cannot be sent.
    pub fn signal_process(&self, process: u32, name: &str) {
        let status = Command::new("kill")
            .args(["-s", &name[3..], &process.to_string()])
            .status()
            .expect("kill runs");
        assert!(status.success(), "kill -s {name} {process}");
    }

    /// Waits for a state for a minute.
    ///
    /// # Panics
    /// If it does not come about.
    pub fn wait_for(&self, what: &str, state: impl FnMut() -> bool) {
        self.wait_up_to(Duration::from_secs(60), what, state);
    }

    /// Waits for a state.
    ///
    /// # Panics
    /// If it does not come about in time.
    pub fn wait_up_to(&self, time: Duration, what: &str, mut state: impl FnMut() -> bool) {
        let deadline = Instant::now() + time;
        while !state() {
            assert!(
                Instant::now() < deadline,
                "waited {time:?} for {what}; running: {:?}",
                self.running()
            );
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }
}

impl Drop for Workplace {
    /// Ends what a test that failed in the middle has left running: its daemon would wait for ever.
    fn drop(&mut self) {
        for started in self.running() {
            let process = started.split(':').next().unwrap_or_default();
            // It may have ended by itself meanwhile.
            let _ = Command::new("kill").args(["-s", "KILL", process]).status();
        }
    }
}

fn command_lines() -> impl Iterator<Item = (u32, String)> {
    let own = std::process::id();
    fs::read_dir("/proc")
        .expect("/proc")
        .filter_map(move |entry| {
            let entry = entry.ok()?;
            let pid: u32 = entry
                .file_name()
                .to_str()?
                .parse()
                .ok()
                .filter(|pid| *pid != own)?;
            let line = fs::read(entry.path().join("cmdline"))
                .ok()
                .filter(|line| !line.is_empty())?;
            Some((pid, String::from_utf8_lossy(&line).replace('\0', " ")))
        })
}

fn list(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten();
    entries
        .map(|entry| entry.expect("an entry").path().display().to_string())
        .collect()
}
