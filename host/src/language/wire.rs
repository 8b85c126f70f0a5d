//! The wire: messages on standard input, and on standard output, each behind its length. A stop is heard while nothing comes.
//!
//! `lsp-server` reads messages of any length, and on threads of its own, which no stop ends; so here is only what it says a message is.
//!
//! Source: Language Server Protocol 3.17, base protocol.

use std::io::{self, BufRead as _, BufReader, Read};
use std::os::fd::AsFd as _;
use std::time::Duration;

use lsp_server::Message;
use oci_image::boundary::cancel::Cancelled;
use rustix::io::Errno;

use crate::signals::{Awaited, Signals};

/// How long a message may be, in bytes: a text of the largest size with every sign escaped, and what is around it.
const MOST: usize = 64 << 20;
/// How long a line before one may be.
const LONGEST_LINE: u64 = 4096;

/// Messages from and to a client.
pub(super) struct Wire<'s> {
    input: BufReader<ClientInput<'s>>,
    signals: &'s Signals,
}

/// What came.
pub(super) enum Arrived {
    Message(Message),
    /// One that is none, and why.
    Nonsense(serde_json::Error),
    /// Nothing will come.
    End,
}

/// Standard input, on which a stop is heard.
struct ClientInput<'s> {
    signals: &'s Signals,
}

#[derive(Debug, thiserror::Error)]
enum WireError {
    #[error("a message has no `Content-Length`")]
    NoLength,
    #[error("a message of {0} bytes is longer than {MOST}")]
    TooLong(usize),
}

impl<'s> Wire<'s> {
    pub(super) fn new(signals: &'s Signals) -> Self {
        Self {
            input: BufReader::new(ClientInput { signals }),
            signals,
        }
    }

    /// Waits for a message.
    ///
    /// # Errors
    /// [`Cancelled`], where the program is asked to end; what stands before no message; and the system's.
    pub(super) fn next(&mut self) -> io::Result<Arrived> {
        let mut length = None;
        let mut line = String::new();
        loop {
            line.clear();
            if (&mut self.input).take(LONGEST_LINE).read_line(&mut line)? == 0 {
                return Ok(Arrived::End);
            }
            match line.trim_end().split_once(':') {
                None if line.trim_end().is_empty() => break,
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.trim().parse::<usize>().ok();
                }
                _ => {}
            }
        }
        let length = length.ok_or_else(|| io::Error::other(WireError::NoLength))?;
        if length > MOST {
            return Err(io::Error::other(WireError::TooLong(length)));
        }
        let mut body = vec![0; length];
        self.input.read_exact(&mut body)?;
        Ok(match serde_json::from_slice(&body) {
            Ok(message) => Arrived::Message(message),
            Err(error) => Arrived::Nonsense(error),
        })
    }

    /// Whether more has come already.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn has_more(&self) -> io::Result<bool> {
        if !self.input.buffer().is_empty() {
            return Ok(true);
        }
        let stdin = io::stdin();
        let awaited = self.signals.poll(stdin.as_fd(), Some(Duration::ZERO))?;
        Ok(awaited == Awaited::Ready)
    }

    /// Sends a message.
    ///
    /// # Errors
    /// As [`next`](Self::next).
    pub(super) fn send(&self, message: &Message) -> io::Result<()> {
        let mut text = Vec::new();
        message.write(&mut text)?;
        self.signals.write_all(io::stdout().as_fd(), &text)
    }
}

impl Read for ClientInput<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let stdin = io::stdin();
        loop {
            if self.signals.poll(stdin.as_fd(), None)? == Awaited::Stop {
                return Err(io::Error::other(Cancelled));
            }
            match rustix::io::read(stdin.as_fd(), &mut *buffer) {
                Err(Errno::AGAIN | Errno::INTR) => {}
                read => return Ok(read?),
            }
        }
    }
}
