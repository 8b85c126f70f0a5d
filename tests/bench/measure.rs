//! One process from start to end: how long, how much processor time, how much memory.
//!
//! Time is from before the process is started until after it is waited for. Processor time is the kernel's account and
//! includes the descendants that the process waited for.
//! Source: wait4(2), getrusage(2), proc_pid_status(5).

use std::{
    fs,
    process::{Child, Command},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use wait4::{ResUse, Wait4};

use crate::{error::BenchError, setting::Log};

/// How often the memory of a watched process is looked at.
// The kernel keeps the maximum itself, so a look can only miss what grew after the last one, and a build ends with tens
// of milliseconds of waiting for the daemon.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// What a run took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    /// Time by the clock.
    pub(crate) wall: Duration,
    /// Processor time in user and kernel mode, of the process and of the descendants it waited for.
    pub(crate) cpu: Duration,
    /// The most memory that was resident, in bytes.
    pub(crate) peak: u64,
}

/// Runs a process that starts no other.
///
/// Its peak is the kernel's `ru_maxrss`, which also counts what this program held when it forked: an upper bound.
pub(crate) fn run(command: &mut Command, log: &Log) -> Result<Sample, BenchError> {
    let (started, child) = start(command, log)?;
    let used = wait(child, command, log)?;
    Ok(Sample {
        wall: started.elapsed(),
        cpu: used.rusage.utime + used.rusage.stime,
        peak: used.rusage.maxrss,
    })
}

/// Runs a process that starts others, and counts the peak of its own memory (`VmHWM`), not of theirs.
pub(crate) fn run_watched(command: &mut Command, log: &Log) -> Result<Sample, BenchError> {
    let (started, child) = start(command, log)?;
    let id = child.id();
    let (ended, end) = mpsc::channel();
    let watcher = thread::spawn(move || watch_peak(id, &end));
    let used = wait(child, command, log)?;
    let wall = started.elapsed();
    drop(ended);
    Ok(Sample {
        wall,
        cpu: used.rusage.utime + used.rusage.stime,
        peak: watcher.join().expect("reading /proc does not panic"),
    })
}

/// Starts a process with its output in the log.
pub(crate) fn start(command: &mut Command, log: &Log) -> Result<(Instant, Child), BenchError> {
    let (stdout, stderr) = log.open()?;
    command.stdout(stdout).stderr(stderr);
    let started = Instant::now();
    let child = command.spawn().map_err(|source| BenchError::Run {
        program: name_of(command),
        source,
    })?;
    Ok((started, child))
}

/// Waits for a process; an exit status other than 0 is an error.
pub(crate) fn wait(child: Child, command: &Command, log: &Log) -> Result<ResUse, BenchError> {
    let used = child.wait4().map_err(|source| BenchError::Run {
        program: name_of(command),
        source,
    })?;
    if used.status.success() {
        return Ok(used);
    }
    Err(BenchError::Failed {
        program: name_of(command),
        status: used.status,
        log: log.tail(),
    })
}

fn name_of(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}

/// The highest `VmHWM` of a process, in bytes, seen until the other end of `ended` is dropped.
fn watch_peak(process: u32, ended: &mpsc::Receiver<()>) -> u64 {
    let mut peak = 0;
    while ended.recv_timeout(LOOK_EVERY) == Err(mpsc::RecvTimeoutError::Timeout) {
        // A process that is gone or a zombie has no such line: what was seen before stands.
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
        peak = peak.max(high_water_mark(&status).unwrap_or(0));
    }
    peak
}

/// `VmHWM: 12345 kB` of a process's status, in bytes.
fn high_water_mark(status: &str) -> Option<u64> {
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

        assert_eq!(high_water_mark(status), Some(5120 * 1024));
    }

    #[test]
    fn zombie_has_no_high_water_mark() {
        assert_eq!(
            high_water_mark("Name:\toci-image\nState:\tZ (zombie)\n"),
            None
        );
    }
}
