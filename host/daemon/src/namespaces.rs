//! The namespaces of the daemon, and the bond between its life and ours.
//!
//! The supervising thread gets a mount namespace, where cgroups and the runtime's state can be mounted without anyone
//! seeing it; its child, the daemon, becomes PID 1 of a new PID namespace and copies the mount namespace. So the
//! kernel ends every step when the daemon ends, and unmounts all that it mounted.
//!
//! buildkitd may be PID 1: it handles SIGTERM, and waits for each process that it starts (tried; a step whose runc was
//! killed is a process or zombie until the daemon ends, no more). A small init before it would be one more process
//! that could die.
//!
//! Reads: nothing. Writes: mounts that nobody else sees, and the runtime's state directory if it is missing.
//! Source: pid_namespaces(7), mount_namespaces(7), PR_SET_PDEATHSIG(2const), signal-safety(7).

use std::ffi::OsStr;
use std::fs::{DirBuilder, File};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_change};
use rustix::process::{
    Pid, PidfdFlags, Signal, getpid, pidfd_open, set_parent_process_death_signal,
};
use rustix::thread::{UnshareFlags, unshare_unsafe};

/// What the daemon is kept apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Isolation {
    /// A PID and a mount namespace that we make.
    Namespaces,
    /// Those that rootlesskit makes.
    Rootlesskit,
    /// None: the kernel refuses them. Steps are found by their cgroup, mounts by their path.
    None,
}

/// A step that the kernel refused.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) step: &'static str,
    pub(super) source: io::Error,
}

/// Gives the calling thread a mount namespace, and its next child a PID namespace.
///
/// The thread can start no other thread afterwards, and only one child.
pub(super) fn enter() -> Result<(), Refused> {
    let refused = |step| {
        move |errno: Errno| Refused {
            step,
            source: errno.into(),
        }
    };
    // SAFETY: without FILES in the flags the table of file descriptors stays shared with the other threads, which is
    // all that the function asks for.
    unsafe { unshare_unsafe(UnshareFlags::NEWNS | UnshareFlags::NEWPID) }
        .map_err(refused("new PID and mount namespaces"))?;
    // Mounts that others make still arrive here; ours never leave.
    mount_change(
        "/",
        MountPropagationFlags::DOWNSTREAM | MountPropagationFlags::REC,
    )
    .map_err(refused("a private mount tree"))
}

/// Gives the calling thread a cgroup namespace, whose top is the cgroup that it is in.
pub(super) fn enter_cgroup() -> io::Result<()> {
    // SAFETY: as in `enter`.
    unsafe { unshare_unsafe(UnshareFlags::NEWCGROUP)? };
    Ok(())
}

/// Gives the calling process, which is an ordinary user's and has one thread, a user namespace in which it may mount.
///
/// Async-signal-safe.
pub(super) fn enter_as_user() -> io::Result<()> {
    // SAFETY: as in `enter`.
    unsafe { unshare_unsafe(UnshareFlags::NEWUSER | UnshareFlags::NEWNS)? };
    let flags = MountPropagationFlags::DOWNSTREAM | MountPropagationFlags::REC;
    Ok(mount_change(c"/", flags)?)
}

/// Hides the machine's `/run/runc` (or `/run/crun`) from the daemon: what a killed daemon's steps leave there goes with
/// the namespace.
pub(super) fn hide_runtime_state(runtime: &OsStr) -> io::Result<()> {
    let crun = runtime
        .as_encoded_bytes()
        .windows(4)
        .any(|part| part == b"crun");
    let state = Path::new(if crun { "/run/crun" } else { "/run/runc" });
    // As the runtime itself makes it for its first container.
    DirBuilder::new()
        .recursive(true)
        .mode(0o711)
        .create(state)?;
    Ok(mount(
        "tmpfs",
        state,
        "tmpfs",
        MountFlags::NOSUID | MountFlags::NODEV,
        c"mode=0711",
    )?)
}

/// Makes the command's process die with the calling thread, live in namespaces of its own if that is wanted, and in the
/// cgroup whose list of processes that is.
pub(super) fn bind(
    command: &mut Command,
    isolation: Isolation,
    cgroup: Option<File>,
) -> io::Result<()> {
    let parent = pidfd_open(getpid(), PidfdFlags::empty())?;
    let separate = isolation == Isolation::Namespaces;
    // SAFETY: between fork and exec the closure makes system calls only, by rustix's raw backend: no allocation (all
    // strings are C literals), no lock, no errno of another thread. It captures file descriptors and a bool.
    unsafe { command.pre_exec(move || before_exec(&parent, separate, cgroup.as_ref())) };
    Ok(())
}

/// What the daemon's process does before it becomes buildkitd. Async-signal-safe, as the one caller promises.
fn before_exec(parent: &OwnedFd, separate: bool, cgroup: Option<&File>) -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    if let Some(processes) = cgroup {
        // A threaded cgroup takes no processes: in the one that it comes from it is as well off.
        let _ = rustix::io::write(processes, b"0");
    }
    if separate {
        // SAFETY: as in `enter`: the table of file descriptors stays as it is.
        unsafe { unshare_unsafe(UnshareFlags::NEWNS)? };
        let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
        mount(c"proc", c"/proc", c"proc", flags, None)?;
    }
    // Had the parent died before the first line, no signal would come. Its PID tells nothing from within another PID
    // namespace (it is 0, alive or dead), a file descriptor of it does.
    let mut parent = [PollFd::new(parent, PollFlags::IN)];
    match poll(
        &mut parent,
        Some(&Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        }),
    )? {
        0 => Ok(()),
        _ => Err(Errno::SRCH.into()),
    }
}

/// What a child of the calling thread answers that only does this; it becomes no program. `act` makes system calls only.
pub(super) fn try_in_child(
    act: impl FnMut() -> io::Result<()> + Send + Sync + 'static,
) -> io::Result<()> {
    // No program ends with it, so that it cannot be mistaken for a refusal.
    const DONE: Errno = Errno::OWNERDEAD;
    let mut act = act;
    let mut command = Command::new("/");
    // SAFETY: between fork and exec the closure makes system calls only, by rustix's raw backend: no allocation, no
    // lock, no errno of another thread. `act` promises the same.
    unsafe { command.pre_exec(move || act().and(Err(DONE.into()))) };
    match command.spawn() {
        Err(error) if error.raw_os_error() != Some(DONE.raw_os_error()) => Err(error),
        _ => Ok(()),
    }
}

/// A handle on a process by which it can be signalled even if its PID has gone to another.
pub(super) fn handle(child: &Child) -> io::Result<OwnedFd> {
    Ok(pidfd_open(Pid::from_child(child), PidfdFlags::empty())?)
}

/// Waits until the process has ended, at most that long; whether it has.
pub(super) fn await_end(process: &impl AsFd, limit: Duration) -> bool {
    let limit = Timespec {
        tv_sec: limit.as_secs().cast_signed(),
        tv_nsec: limit.subsec_nanos().into(),
    };
    let mut process = [PollFd::new(process, PollFlags::IN)];
    matches!(poll(&mut process, Some(&limit)), Ok(1..))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_tells_what_it_was_answered() {
        assert!(try_in_child(|| Ok(())).is_ok());
        let error = try_in_child(|| Err(Errno::PERM.into())).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(Errno::PERM.raw_os_error()));
    }
}
