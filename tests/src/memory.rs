//! The most memory that a process has held, looked at while it runs.
//!
//! What the kernel tells after its end (wait4(2)) begins with what the process held that started it: here a program of all suites.
//! Source: proc_pid_status(5), `VmHWM`.

use std::fs;
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How often it is looked at. A mark that only rises misses no peak before the last look.
const LOOK: Duration = Duration::from_millis(5);

/// A watch over a process of ours, to its end.
#[derive(Debug)]
pub struct Watch(JoinHandle<u64>);

impl Watch {
    /// Watches a process that runs a program of its own already and has not been waited for.
    #[must_use]
    pub fn over(process: u32) -> Self {
        Self(thread::spawn(move || {
            let mut peak = 0;
            // One that has ended, and waits to be waited for, has no memory.
            while let Some(now) = high_water_mark(process) {
                peak = now;
                thread::park_timeout(LOOK);
            }
            peak
        }))
    }

    /// What it held at most, in bytes, once it has ended.
    ///
    /// # Panics
    /// If the watch did.
    #[must_use]
    pub fn peak(self) -> u64 {
        self.0.join().expect("a watch only reads")
    }
}

/// What a process has held at most so far, in bytes; none if it has ended.
#[must_use]
pub fn high_water_mark(process: u32) -> Option<u64> {
    told(&fs::read_to_string(format!("/proc/{process}/status")).ok()?)
}

/// `VmHWM: 12345 kB` of a process's status, in bytes.
fn told(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn high_water_mark_is_read_in_bytes() {
        let status = "Name:\toci-image\nVmPeak:\t   99 kB\nVmHWM:\t    5120 kB\nVmRSS:\t 4096 kB\n";

        assert_eq!(told(status), Some(5120 * 1024));
    }

    #[test]
    fn zombie_has_no_high_water_mark() {
        assert_eq!(told("Name:\toci-image\nState:\tZ (zombie)\n"), None);
    }
}
