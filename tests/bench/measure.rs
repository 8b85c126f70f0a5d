//! One process from start to end: how long, how much processor time, how much memory.
//!
//! Time is from before the process is started until after it is waited for. Processor time is the kernel's account and
//! includes the descendants that the process waited for.
//! Source: wait4(2), getrusage(2).

use std::{
    process::{Child, Command},
    time::{Duration, Instant},
};

use oci_image_tests::{memory::Watch, terminal::Terminal};
use wait4::{ResUse, Wait4};

use crate::{error::BenchError, setting::Log};

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
    let watch = Watch::over(child.id());
    let used = wait(child, command, log)?;
    Ok(Sample {
        wall: started.elapsed(),
        cpu: used.rusage.utime + used.rusage.stime,
        peak: watch.peak(),
    })
}

/// The same of a process whose terminal is read as fast as can be.
pub(crate) fn run_seen(command: &mut Command, log: &Log) -> Result<Sample, BenchError> {
    let mut terminal = Terminal::of(120, 40);
    let started = Instant::now();
    let child = terminal.start(command);
    let watch = Watch::over(child.id());
    let (shown, _) = terminal.read_all();
    let kept = log.write(&shown);
    let used = wait(child, command, log)?;
    kept?;
    Ok(Sample {
        wall: started.elapsed(),
        cpu: used.rusage.utime + used.rusage.stime,
        peak: watch.peak(),
    })
}

/// Runs processes side by side, each with a log of its own. What one took
/// ends when it was waited for, after those before it.
pub(crate) fn run_at_once(
    commands: &mut [Command],
    logs: &[Log],
) -> Result<Vec<Sample>, BenchError> {
    let started = Instant::now();
    let children = (commands.iter_mut().zip(logs))
        .map(|(command, log)| start(command, log).map(|(_, child)| child))
        .collect::<Result<Vec<_>, _>>()?;
    let ended = children.into_iter().zip(commands.iter().zip(logs));
    ended
        .map(|(child, (command, log))| {
            let used = wait(child, command, log)?;
            Ok(Sample {
                wall: started.elapsed(),
                cpu: used.rusage.utime + used.rusage.stime,
                peak: used.rusage.maxrss,
            })
        })
        .collect()
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
