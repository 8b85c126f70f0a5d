//! An opening of a terminal that is ours alone.
//!
//! A terminal that nobody reads is said to be ready when it has room for one character, and whoever writes more to it waits in the
//! kernel. That it should not wait is a flag of the opening, which the shell and all of its programs share: set there, it would be
//! theirs too. So the terminal is opened once more.
//!
//! Reads: `/proc`. Writes: nothing. Source: `pts(4)`, `open(2)`; Linux, `drivers/tty/n_tty.c` (`n_tty_poll`).

use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd};

use rustix::fs::{FileType, Mode, OFlags, fstat, major, open};
use rustix::termios::isatty;

/// The class of devices whose every opening is another terminal, or whichever one the program has: `/dev/ptmx`, `/dev/tty`.
/// Source: Linux, `Documentation/admin-guide/devices.txt`.
const ALTERNATES: u32 = 5;

/// The same terminal, opened so that no writer waits for its reader; none if this is no terminal, or it cannot be opened: it is
/// another user's after `su`, and a container may have no `/proc`.
pub(crate) fn unblocked(terminal: BorrowedFd<'_>) -> Option<OwnedFd> {
    let is_one = |fd: BorrowedFd<'_>| {
        let stat = fstat(fd).ok()?;
        let is_device = FileType::from_raw_mode(stat.st_mode) == FileType::CharacterDevice;
        (is_device && isatty(fd) && major(stat.st_rdev) != ALTERNATES).then_some(stat.st_rdev)
    };
    let device = is_one(terminal)?;
    let path = format!("/proc/self/fd/{}", terminal.as_raw_fd());
    let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let opened = open(path, flags, Mode::empty()).ok()?;
    (is_one(opened.as_fd()) == Some(device)).then_some(opened)
}
