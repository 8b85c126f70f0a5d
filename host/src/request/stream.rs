//! A stream that a request comes on: standard input, or a file that may be a pipe.
//!
//! Who sends nothing is waited for: a message may take its time. But nobody shall have to guess that: a terminal is told at once what is
//! wanted, a stream that stays silent after a moment, and a stop is heard all the while.
//!
//! Reads: the stream. Writes: standard error, at most one line. Unknown here: what the bytes mean.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read};
use std::os::fd::BorrowedFd;
use std::path::Path;
use std::time::Duration;

use oci_image::boundary::cancel::Cancelled;
use oci_image::boundary::regular_file::READING;
use oci_image::progress::Mode;
use rustix::fs::Mode as Permissions;
use rustix::io::Errno;

use crate::environment::Environment;
use crate::signals::{Awaited, Signals};
use crate::stderr;

/// How long a stream may be silent before that is told. A sender that computes its message is often slower than a second.
const SILENCE: Duration = Duration::from_secs(2);

/// What standard input is called.
pub(super) const STDIN: &str = "<stdin>";

/// How a command waits for its request.
#[derive(Clone, Copy)]
pub(crate) struct Wait<'a> {
    pub(crate) signals: &'a Signals,
    /// What may describe a task where no message comes.
    pub(crate) environment: &'a Environment,
    pub(crate) mode: Mode,
    /// What it waits for.
    pub(crate) what: &'static str,
    /// What can be done instead of sending that on standard input.
    pub(crate) instead: &'static str,
}

/// A stream that is read with patience.
pub(super) struct Stream<'a> {
    input: BorrowedFd<'a>,
    name: &'a str,
    wait: Wait<'a>,
    /// Whether silence is worth a line: nothing has come, and nobody was told.
    may_be_told: bool,
}

/// Opens a file that may be a pipe: nobody need have opened its other end yet.
pub(super) fn open(path: &Path) -> io::Result<File> {
    Ok(rustix::fs::open(path, READING, Permissions::empty())?.into())
}

impl<'a> Stream<'a> {
    /// A stream of that name; a terminal's user is told what it waits for.
    pub(super) fn new(input: BorrowedFd<'a>, name: &'a str, wait: Wait<'a>) -> Self {
        let is_terminal = input.is_terminal();
        if is_terminal {
            let (what, instead) = (wait.what, wait.instead);
            let said = format!("waiting for {what} from the terminal, up to Ctrl-D ({instead})");
            stderr::notice(&said, wait.mode);
        }
        Self {
            input,
            name,
            wait,
            may_be_told: !is_terminal,
        }
    }

    fn tell_of_silence(&mut self) {
        self.may_be_told = false;
        let (what, seconds) = (self.wait.what, SILENCE.as_secs());
        // A file is named already: nothing better can be named.
        let said = if self.name == STDIN {
            format!(
                "standard input has been silent for {seconds} s; still waiting for {what} ({})",
                self.wait.instead
            )
        } else {
            format!(
                "`{}` has been silent for {seconds} s; still waiting for {what}",
                self.name
            )
        };
        stderr::notice(&said, self.wait.mode);
    }
}

impl Read for Stream<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let at_most = self.may_be_told.then_some(SILENCE);
            match self.wait.signals.poll(self.input, at_most)? {
                Awaited::Stop => return Err(io::Error::other(Cancelled)),
                Awaited::Nothing => self.tell_of_silence(),
                Awaited::Ready => match rustix::io::read(self.input, &mut *buffer) {
                    // Another reader was faster, or the signal that wakes us has not come yet.
                    Err(Errno::AGAIN | Errno::INTR) => {}
                    Err(errno) => return Err(errno.into()),
                    Ok(count) => {
                        self.may_be_told = false;
                        return Ok(count);
                    }
                },
            }
        }
    }
}
