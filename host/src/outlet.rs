//! An outlet: standard error, for those who must not wait for its reader for ever.
//!
//! Whoever writes to a pipe that nobody reads waits in the kernel, and hears of nothing. Here a writer looks from time to time
//! whether its text is still wanted. A terminal is opened once more for that, see `opening`. Texts of several writers do not mix: each is written whole before the next.
//!
//! Reads: nothing. Writes: standard error. Unknown here: what is said.

use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Mutex, MutexGuard, OnceLock, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

use oci_image::boundary::cancel::{Cancel, Cancelled};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::opening;

/// How often a writer that waits looks whether it is still wanted.
const LOOK: Duration = Duration::from_millis(50);
/// How long a reader may be late with a text that is not wanted any more: the last words of a program that was stopped.
const GRACE: Duration = Duration::from_millis(300);
/// How much a pipe takes without waiting that is said to be ready, in bytes. Source: pipe(7).
const PIPE_BUF: usize = 4096;

/// Whose turn it is to write.
static TURN: Mutex<()> = Mutex::new(());

/// Standard error where it is a terminal, so that no write to it waits.
static TERMINAL: OnceLock<Option<OwnedFd>> = OnceLock::new();

/// Standard error, until it is called off.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outlet {
    cancel: Cancel,
    /// When it was found to be called off.
    unwanted: Option<Instant>,
}

impl Outlet {
    /// An outlet that gives up when it is called off and nobody reads.
    pub(crate) fn new(cancel: Cancel) -> Self {
        Self {
            cancel,
            unwanted: None,
        }
    }

    fn turn(&mut self) -> io::Result<MutexGuard<'static, ()>> {
        loop {
            match TURN.try_lock() {
                Ok(turn) => return Ok(turn),
                // Nothing is left half-done by a panic but a line.
                Err(TryLockError::Poisoned(turn)) => return Ok(turn.into_inner()),
                Err(TryLockError::WouldBlock) => {
                    self.check()?;
                    thread::park_timeout(LOOK / 10);
                }
            }
        }
    }

    fn write_some(&mut self, text: &[u8]) -> io::Result<usize> {
        let stderr = io::stderr();
        let unblocked = TERMINAL.get_or_init(|| opening::unblocked(stderr.as_fd()));
        let output = unblocked.as_ref().map_or(stderr.as_fd(), AsFd::as_fd);
        let wait = Timespec::try_from(LOOK).ok();
        loop {
            let mut ready = [PollFd::from_borrowed_fd(output, PollFlags::OUT)];
            match poll(&mut ready, wait.as_ref()) {
                Err(Errno::INTR) | Ok(0) => self.check()?,
                Err(errno) => return Err(errno.into()),
                Ok(_) => match rustix::io::write(output, &text[..text.len().min(PIPE_BUF)]) {
                    Err(Errno::AGAIN | Errno::INTR) => {
                        self.check()?;
                        // A terminal is ready with less room than the end of a line takes.
                        thread::park_timeout(LOOK / 10);
                    }
                    written => return Ok(written?),
                },
            }
        }
    }

    fn check(&mut self) -> io::Result<()> {
        if !self.cancel.is_cancelled() {
            return Ok(());
        }
        let since = *self.unwanted.get_or_insert_with(Instant::now);
        if since.elapsed() < GRACE {
            return Ok(());
        }
        Err(io::Error::other(Cancelled))
    }
}

impl Write for Outlet {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let _turn = self.turn()?;
        self.write_some(text)
    }

    /// Writes all of it before anybody else writes.
    fn write_all(&mut self, mut text: &[u8]) -> io::Result<()> {
        let _turn = self.turn()?;
        while !text.is_empty() {
            let written = self.write_some(text)?;
            text = &text[written..];
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
