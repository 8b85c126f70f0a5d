//! A task's process, on its terminal.

use std::fs::File;
use std::io::{IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use rustix::process::{Pid, WaitOptions, waitpid};

use crate::workplace::Workplace;

/// How long a task may go on after SIGTERM before Concourse kills it.
pub const GRACE: Duration = Duration::from_secs(10);

/// A process of a task, on its terminal.
#[derive(Debug)]
pub struct Process<'a> {
    place: &'a Workplace,
    id: u32,
    terminal: File,
    log: JoinHandle<String>,
}

/// How a task's process ended.
#[derive(Debug)]
pub struct Ended {
    /// Exit status; 128 + n where a signal ended it.
    pub status: i32,
    /// What the terminal has shown.
    pub log: String,
}

impl<'a> Process<'a> {
    /// The process of this ID, and the terminal that runc hands over a socket.
    pub(super) fn new(place: &'a Workplace, id: u32, listener: &UnixListener) -> Self {
        let terminal = terminal(listener);
        let mut shown = terminal.try_clone().expect("a second descriptor");
        let log = thread::spawn(move || {
            let mut log = Vec::new();
            // It ends by EIO, when no process has the terminal any more.
            let _ = shown.read_to_end(&mut log);
            String::from_utf8_lossy(&log).replace("\r\n", "\n")
        });
        Self {
            place,
            id,
            terminal,
            log,
        }
    }

    /// Sends it a signal.
    ///
    /// # Panics
    /// If it cannot be sent.
    pub fn signal(&self, name: &str) {
        self.place.signal_process(self.id, name);
    }

    /// Types on its terminal, as somebody who looks inside does.
    ///
    /// # Panics
    /// If the terminal has gone.
    pub fn types(&mut self, text: &str) {
        self.terminal
            .write_all(text.as_bytes())
            .expect("a terminal");
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// If it does not end in time: it is killed, and what it has said is told.
    #[must_use]
    pub fn ends_within(self, time: Duration) -> Ended {
        let id = Pid::from_raw(i32::try_from(self.id).expect("a process ID")).expect("not zero");
        let deadline = Instant::now() + time;
        let (status, in_time) = loop {
            let late = Instant::now() > deadline;
            if late {
                self.signal("SIGKILL");
            }
            let options = if late {
                WaitOptions::empty()
            } else {
                WaitOptions::NOHANG
            };
            if let Some((_, status)) = waitpid(Some(id), options).expect("a child of this process")
            {
                break (status, !late);
            }
            thread::park_timeout(Duration::from_millis(20));
        };
        let log = self.log.join().expect("the log is read");
        assert!(in_time, "waited {time:?} for the task to end:\n{log}");
        let status = status
            .exit_status()
            .or_else(|| Some(128 + status.terminating_signal()?));
        Ended {
            status: status.expect("it has ended"),
            log,
        }
    }
}

impl Ended {
    /// This end, if it was with `status`.
    ///
    /// # Panics
    /// With all that the terminal has shown, if it was another.
    #[must_use]
    pub fn expect(self, status: i32) -> Self {
        assert_eq!(self.status, status, "{}", self.log);
        self
    }
}

/// The terminal that runc hands over a socket.
fn terminal(listener: &UnixListener) -> File {
    let (socket, _) = listener.accept().expect("runc has connected");
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let mut name = [0; 256];
    let mut into = [IoSliceMut::new(&mut name)];
    recvmsg(&socket, &mut into, &mut ancillary, RecvFlags::empty()).expect("a message");
    let descriptor: Option<OwnedFd> = ancillary.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
        _ => None,
    });
    File::from(descriptor.expect("a terminal"))
}
