//! Signals: what asks this program to end, heard from its first moment on.
//!
//! The first process of a container is not ended by a signal that it does not handle, and one that is ended by it cannot clear away
//! what it has begun. So signals only leave a note: whoever waits for something else too watches [`Signals::poll`] or
//! [`Signals::stop`], whoever works looks at [`Signals::cancel`].
//!
//! Reads and writes: nothing. Unknown here: what is stopped.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use oci_image::boundary::cancel::{Cancel, Cancelled};
use oci_image::executor::Stop;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::Signal;

use crate::opening;

/// The signals that ask for the end.
const STOPS: [(Signal, &str); 3] = [
    (Signal::HUP, "SIGHUP"),
    (Signal::INT, "SIGINT"),
    (Signal::TERM, "SIGTERM"),
];

/// What signals have asked for since this was made.
pub(crate) struct Signals {
    /// The number of the last signal; 0: none.
    received: Arc<AtomicI32>,
    cancel: Cancel,
    /// Readable once a signal has come.
    heard: UnixStream,
}

/// How much a pipe takes without waiting that is said to be ready, in bytes. Source: pipe(7).
const PIPE_BUF: usize = 4096;

/// How long it takes to write again to what was ready and took nothing.
const RETRY: Duration = Duration::from_millis(5);

/// What a wait ended with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Awaited {
    /// A read or a write does not wait.
    Ready,
    /// The program is asked to end.
    Stop,
    /// The time is up.
    Nothing,
}

impl Signals {
    /// Hears signals from now on.
    ///
    /// # Errors
    /// The system's, if a handler cannot be installed.
    pub(crate) fn listen() -> io::Result<Self> {
        let (tells, heard) = UnixStream::pair()?;
        tells.set_nonblocking(true)?;
        heard.set_nonblocking(true)?;
        let tells = Arc::new(tells);
        let signals = Self {
            received: Arc::default(),
            cancel: Cancel::default(),
            heard,
        };
        for (signal, _) in STOPS {
            let number = signal.as_raw();
            let (received, cancel, tells) = (
                Arc::clone(&signals.received),
                signals.cancel.clone(),
                Arc::clone(&tells),
            );
            let note = move || {
                received.store(number, Ordering::Relaxed);
                cancel.cancel();
                // A socket that is full is readable already.
                let _ = rustix::io::write(&tells, b"!");
            };
            // SAFETY: the handler stores to two atomics and makes one system call, write(2): it takes no lock, allocates nothing
            // and cannot panic.
            unsafe { signal_hook_registry::register(number, note) }?;
        }
        Ok(signals)
    }

    /// What asked for the end, if anything has.
    pub(crate) fn received(&self) -> Option<Stop> {
        stop(&self.received)
    }

    /// What long work looks at.
    pub(crate) fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    /// Resolves when something asks for the end.
    ///
    /// # Errors
    /// The system's, if it cannot be waited for.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub(crate) fn stop(&self) -> io::Result<impl Future<Output = Stop> + use<>> {
        let heard = tokio::net::UnixStream::from_std(self.heard.try_clone()?)?;
        let received = Arc::clone(&self.received);
        Ok(async move {
            loop {
                if let Some(stop) = stop(&received) {
                    return stop;
                }
                if heard.readable().await.is_err() {
                    // Only when the runtime ends, and this future with it.
                    std::future::pending::<()>().await;
                }
            }
        })
    }

    /// Waits until `input` can be read, the program is asked to end, or the time is up; without one, for as long as it takes.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn poll(
        &self,
        input: BorrowedFd<'_>,
        at_most: Option<Duration>,
    ) -> io::Result<Awaited> {
        self.await_either(PollFd::from_borrowed_fd(input, PollFlags::IN), at_most)
    }

    /// Writes all of it, unless the program is asked to end: a reader may have stopped to read.
    ///
    /// # Errors
    /// [`Cancelled`], and the system's.
    pub(crate) fn write_all(&self, output: BorrowedFd<'_>, mut text: &[u8]) -> io::Result<()> {
        let unblocked = opening::unblocked(output);
        let output = unblocked.as_ref().map_or(output, AsFd::as_fd);
        while !text.is_empty() {
            let ready = PollFd::from_borrowed_fd(output, PollFlags::OUT);
            if self.await_either(ready, None)? == Awaited::Stop {
                return Err(io::Error::other(Cancelled));
            }
            let piece = &text[..text.len().min(PIPE_BUF)];
            match rustix::io::write(output, piece) {
                // A terminal is ready with less room than the end of a line takes.
                Err(Errno::AGAIN | Errno::INTR) => thread::park_timeout(RETRY),
                written => text = &text[written?..],
            }
        }
        Ok(())
    }

    fn await_either(&self, other: PollFd<'_>, at_most: Option<Duration>) -> io::Result<Awaited> {
        let end = at_most.map(|time| Instant::now() + time);
        let mut polled = [PollFd::new(&self.heard, PollFlags::IN), other];
        loop {
            let left = end.map(|end| end.saturating_duration_since(Instant::now()));
            let left = left.and_then(|left| Timespec::try_from(left).ok());
            match poll(&mut polled, left.as_ref()) {
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
                Ok(0) => return Ok(Awaited::Nothing),
                Ok(_) if polled[0].revents().is_empty() => return Ok(Awaited::Ready),
                Ok(_) => return Ok(Awaited::Stop),
            }
        }
    }
}

fn stop(received: &AtomicI32) -> Option<Stop> {
    let number = received.load(Ordering::Relaxed);
    let (signal, name) = STOPS
        .into_iter()
        .find(|(signal, _)| signal.as_raw() == number)?;
    Some(Stop {
        signal: signal.as_raw(),
        name,
    })
}
