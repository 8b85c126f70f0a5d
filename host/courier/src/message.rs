//! What both sides say to each other: reports of the step, orders of whoever keeps the archive.
//!
//! Saving: the step says [`Report::Holds`]; it is told [`Order::Send`], and sends the archive in frames, or [`Order::Enough`].
//! Restoring: the step says [`Report::Empty`]; it is told [`Order::Restore`], gets the archive in frames, and says [`Report::Restored`] when
//! it has its place. Instead of any of them the step may say [`Report::Failed`], and a cache that is in use [`Report::Occupied`].
//!
//! Reads and writes: the stream. Unknown here: what is done about it.

use std::fmt;
use std::io::{self, Read, Write};

use crate::fingerprint::Fingerprint;
use crate::frame::{self, FrameError};
use crate::identity::Identity;

/// How much there is of a cache.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amount {
    /// How many files, directories and links it has.
    pub entries: u64,
    /// How many bytes its files have.
    pub bytes: u64,
}

/// What a cache holds, before any of it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// Which cache it is.
    pub identity: Identity,
    /// Whether it is what it was.
    pub fingerprint: Fingerprint,
    /// How much it is.
    pub amount: Amount,
    /// How many bytes its tar stream has at most.
    pub stream: u64,
}

/// What a step says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// The cache holds nothing.
    Empty(Identity),
    /// The cache holds something, and is not to be touched.
    Occupied(Identity),
    /// What it holds.
    Holds(Holding),
    /// It holds now what was sent.
    Restored(Amount, Identity),
    /// Why it does not.
    Failed(String),
}

/// What a step is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// To send the archive.
    Send,
    /// That what it holds is known.
    Enough,
    /// To fill the cache with what follows, of which the tar stream has at most so many bytes.
    Restore {
        /// How many.
        limit: u64,
    },
}

impl Report {
    /// Says it.
    ///
    /// # Errors
    /// Those of the stream.
    pub fn write(&self, stream: &mut impl Write) -> io::Result<()> {
        frame::write_text(stream, &self.to_string())
    }

    /// Hears it.
    ///
    /// # Errors
    /// [`FrameError`].
    pub fn read(stream: &mut impl Read) -> Result<Self, FrameError> {
        let text = frame::read_text(stream)?;
        Self::parse(&text).ok_or(FrameError::Unexpected)
    }

    fn parse(text: &str) -> Option<Self> {
        if let Some(message) = text.strip_prefix("failed ") {
            return Some(Self::Failed(message.to_owned()));
        }
        let words: Vec<&str> = text.split(' ').collect();
        Some(match words.as_slice() {
            ["empty", identity] => Self::Empty(Identity::parse(identity)?),
            ["occupied", identity] => Self::Occupied(Identity::parse(identity)?),
            ["holds", identity, fingerprint, entries, bytes, stream] => Self::Holds(Holding {
                identity: Identity::parse(identity)?,
                fingerprint: Fingerprint::parse(fingerprint)?,
                amount: amount(entries, bytes)?,
                stream: stream.parse().ok()?,
            }),
            ["restored", entries, bytes, identity] => {
                Self::Restored(amount(entries, bytes)?, Identity::parse(identity)?)
            }
            _ => return None,
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty(identity) => write!(f, "empty {identity}"),
            Self::Occupied(identity) => write!(f, "occupied {identity}"),
            Self::Holds(Holding {
                identity,
                fingerprint,
                amount: Amount { entries, bytes },
                stream,
            }) => write!(
                f,
                "holds {identity} {fingerprint} {entries} {bytes} {stream}"
            ),
            Self::Restored(Amount { entries, bytes }, identity) => {
                write!(f, "restored {entries} {bytes} {identity}")
            }
            Self::Failed(message) => write!(f, "failed {message}"),
        }
    }
}

impl Order {
    /// Gives it.
    ///
    /// # Errors
    /// Those of the stream.
    pub fn write(self, stream: &mut impl Write) -> io::Result<()> {
        frame::write_text(stream, &self.to_string())
    }

    /// Hears it.
    ///
    /// # Errors
    /// [`FrameError`].
    pub fn read(stream: &mut impl Read) -> Result<Self, FrameError> {
        let text = frame::read_text(stream)?;
        let words: Vec<&str> = text.split(' ').collect();
        match words.as_slice() {
            ["send"] => Some(Self::Send),
            ["enough"] => Some(Self::Enough),
            ["restore", limit] => limit.parse().ok().map(|limit| Self::Restore { limit }),
            _ => None,
        }
        .ok_or(FrameError::Unexpected)
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send => f.write_str("send"),
            Self::Enough => f.write_str("enough"),
            Self::Restore { limit } => write!(f, "restore {limit}"),
        }
    }
}

fn amount(entries: &str, bytes: &str) -> Option<Amount> {
    Some(Amount {
        entries: entries.parse().ok()?,
        bytes: bytes.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_heard() {
        let amount = Amount {
            entries: 3,
            bytes: u64::MAX,
        };
        let fingerprint = Fingerprint::parse(&"0f".repeat(32)).unwrap();
        let identity = Identity::parse("12@-1.5").unwrap();
        let reports = [
            Report::Empty(identity),
            Report::Occupied(identity),
            Report::Holds(Holding {
                identity,
                fingerprint,
                amount,
                stream: 4,
            }),
            Report::Restored(amount, identity),
            Report::Failed("no room: left".to_owned()),
        ];
        let orders = [Order::Send, Order::Enough, Order::Restore { limit: 7 }];

        let mut stream = Vec::new();
        for report in &reports {
            report.write(&mut stream).unwrap();
        }
        for order in orders {
            order.write(&mut stream).unwrap();
        }

        let mut stream = stream.as_slice();
        assert_eq!(
            reports.clone().map(|_| Report::read(&mut stream).unwrap()),
            reports
        );
        assert_eq!(orders.map(|_| Order::read(&mut stream).unwrap()), orders);
    }

    #[test]
    fn what_is_not_said_here_is_not_understood() {
        for text in [
            "",
            "holds",
            "holds x 1 1",
            "restored -1 0 1@0.0",
            "restored 1 0",
            "empty ",
            "empty 1@0",
            "occupied 1.0",
            "full",
        ] {
            assert_eq!(Report::parse(text), None, "{text}");
        }
    }
}
