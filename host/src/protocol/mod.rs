//! The prototype protocol: one message comes in on standard input, answers go to its `response_path`.
//!
//! The object stays the text that the user wrote, at its place in the message, so that diagnostics can point at it.
//! Nothing for people is ever written to the response.
//!
//! - `message`: what comes in.
//! - `response`: where answers go.
//! - `info`: which messages an object supports.
//! - `error`: why a message is not taken, or an answer not given.
//!
//! Reads: standard input. Writes: the response file. Unknown here: what an object means.
//! Source: Concourse RFC 37, version 1.0.

mod error;
mod info;
mod message;
mod response;

pub use self::error::{MESSAGE_LIMIT, ProtocolError};
pub use self::info::{InfoShape, info};
pub use self::message::{MalformedMessage, Message, read_text};
pub use self::response::ResponseFile;
