//! Why a message is not taken, or an answer not given.

use std::io;
use std::path::PathBuf;

use crate::boundary::outside::shown;

/// How long a message may be, in bytes.
// Real ones hold a few hundred; past this it is a mistake of the sender, and reading on would only cost memory.
pub const MESSAGE_LIMIT: u64 = 64 << 20;

/// A message that could not be taken, or an answer that could not be given.
#[derive(Debug, thiserror::Error)]
pub enum ProtocolError {
    /// Standard input failed.
    #[error("cannot read the message from standard input")]
    Read(#[source] io::Error),
    /// Nothing came.
    #[error("standard input is empty; send {{\"object\": {{...}}, \"response_path\": \"...\"}}")]
    Empty,
    /// More came than a message can be.
    #[error("the message is longer than {} MiB", MESSAGE_LIMIT >> 20)]
    TooLong,
    /// Bytes that are no text.
    #[error("the message is not UTF-8: byte {offset} begins no character")]
    NotUtf8 {
        /// Where, in bytes from the start.
        offset: usize,
    },
    /// The answer's file cannot be opened.
    #[error("cannot write the response to `{}`", shown(path))]
    Respond {
        /// `response_path`.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}
