//! The prototype protocol: one message comes in on standard input, answers go to its `response_path`.
//!
//! The object stays the text that the user wrote, at its place in the message, so that diagnostics can point at it.
//! Nothing for people is ever written to the response.
//!
//! Reads: standard input. Writes: the response file. Unknown here: what an object means.
//! Source: Concourse RFC 37, version 1.0.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::ops::Range;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use oci_image_schema::protocol::{self as contract, Info, MessageInfo, Response};
use oci_image_schema::{interface::Interface, protocol::ICON, protocol::INTERFACE_VERSION};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::Errno;
use serde::Serialize;

use crate::boundary::handle::WorkingDirectory;
use crate::boundary::outside::shown;
use crate::planner::inline_secrets::Reading;

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

/// A message's text that is not of the protocol's form, with the place of the first defect.
#[derive(Debug, thiserror::Error)]
#[error(
    "the message is not of the form {{\"object\": {{...}}, \"response_path\": \"...\"}}: {reason}"
)]
pub struct MalformedMessage {
    /// What is wrong, without the place.
    pub reason: String,
    /// Where, in bytes of the text.
    pub offset: usize,
}

/// A message: its whole text, and where in it the object stands.
///
/// A call without a command is answered with what the object needs and gives:
///
/// ```
/// use oci_image::planner::{Planner, mask};
/// use oci_image::protocol::{self, InfoShape, Message, ResponseFile};
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("response.json");
/// # let text = serde_json::json!({"object": {"context": "src", "output": "image"}, "response_path": path}).to_string();
/// let message = Message::parse(text).map_err(|(error, _text)| error)?;
/// let response = ResponseFile::create(&message.response_path)?;
/// let interface = Planner::load()?.describe(&mask(message.object()))?.ok();
/// response.info(&protocol::info(interface, InfoShape::Names))?;
///
/// # let path = message.response_path;
/// let answer = std::fs::read_to_string(path)?;
/// assert_eq!(answer.trim_end(), r#"{"interface_version":"1.0","icon":"mdi:oci","messages":["build"]}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Message {
    text: String,
    object: Range<usize>,
    /// Where answers go.
    pub response_path: PathBuf,
}

impl Message {
    /// Takes a message apart.
    ///
    /// # Errors
    /// [`MalformedMessage`], together with the text, if it is not of the protocol's form.
    pub fn parse(text: String) -> Result<Self, (MalformedMessage, String)> {
        let parsed = serde_json::from_str::<contract::Message<'_>>(&text).map(|message| {
            let start = message.object.get().as_ptr().addr() - text.as_ptr().addr();
            (
                start..start + message.object.get().len(),
                message.response_path,
            )
        });
        match parsed {
            Ok((object, response_path)) => Ok(Self {
                text,
                object,
                response_path,
            }),
            Err(error) => Err((MalformedMessage::new(&error, &text), text)),
        }
    }

    /// The same of a text that was read before: where in it the object stands, and where answers go. Nothing if it is not of the protocol's
    /// form, or that cannot be told; [`parse`](Self::parse) can.
    #[must_use]
    pub fn outlined(reading: &Reading<'_>) -> Option<(Range<usize>, PathBuf)> {
        let entries = reading.outline.entries()?;
        let only = |sought: &str| {
            let mut values = entries.iter().filter(|(name, _)| *name == sought);
            let (_, value) = values.next()?;
            values.next().is_none().then(|| value.clone())
        };
        let (object, path) = (only("object")?, only("response_path")?);
        let path = serde_json::from_str(reading.text().get(path)?).ok()?;
        (entries.len() == 2).then_some((object, path))
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The object's text, as written.
    #[must_use]
    pub fn object(&self) -> &str {
        &self.text[self.object.clone()]
    }

    /// Where the object stands in the text, in bytes.
    #[must_use]
    pub fn object_range(&self) -> Range<usize> {
        self.object.clone()
    }

    /// Where the object begins in the text, in bytes.
    #[must_use]
    pub fn object_start(&self) -> usize {
        self.object.start
    }
}

impl MalformedMessage {
    fn new(error: &serde_json::Error, text: &str) -> Self {
        let whole = error.to_string();
        let place = format!(" at line {} column {}", error.line(), error.column());
        let reason = whole.strip_suffix(&place).unwrap_or(&whole).to_owned();
        let before: usize = text
            .split_inclusive('\n')
            .take(error.line().saturating_sub(1))
            .map(str::len)
            .sum();
        let offset = (before + error.column().saturating_sub(1)).min(text.len());
        Self {
            reason,
            offset: text.floor_char_boundary(offset),
        }
    }
}

/// Reads a message's text.
///
/// # Errors
/// [`ProtocolError`] if nothing, too much, or no text arrives.
pub fn read_text(input: impl Read) -> Result<String, ProtocolError> {
    let mut bytes = Vec::new();
    input
        .take(MESSAGE_LIMIT + 1)
        .read_to_end(&mut bytes)
        .map_err(ProtocolError::Read)?;
    if bytes.len() as u64 > MESSAGE_LIMIT {
        return Err(ProtocolError::TooLong);
    }
    let text = String::from_utf8(bytes).map_err(|error| ProtocolError::NotUtf8 {
        offset: error.utf8_error().valid_up_to(),
    })?;
    if text.trim().is_empty() {
        Err(ProtocolError::Empty)
    } else {
        Ok(text)
    }
}

/// The file that answers go to, opened before anything is done, so that a wrong path costs no build.
#[derive(Debug)]
pub struct ResponseFile {
    path: PathBuf,
    file: File,
}

impl ResponseFile {
    /// Creates or truncates it.
    ///
    /// # Errors
    /// [`ProtocolError::Respond`] if it cannot be opened.
    pub fn create(path: &Path) -> Result<Self, ProtocolError> {
        Self::opened(path, create(path))
    }

    fn opened(path: &Path, file: io::Result<File>) -> Result<Self, ProtocolError> {
        let path = path.to_owned();
        match file {
            Ok(file) => Ok(Self { path, file }),
            Err(source) => Err(ProtocolError::Respond { path, source }),
        }
    }

    /// The same of a path that is seen from a working directory.
    ///
    /// # Errors
    /// [`ProtocolError::Respond`] if it cannot be opened.
    pub fn create_in(directory: &WorkingDirectory, path: &Path) -> Result<Self, ProtocolError> {
        Self::opened(path, create(&directory.full_path(path)))
    }

    /// Writes info's one document.
    ///
    /// # Errors
    /// [`ProtocolError::Respond`] if the file cannot be written.
    pub fn info(self, info: &Info) -> Result<(), ProtocolError> {
        self.documents(std::slice::from_ref(info))
    }

    /// Writes a stream of documents, one for each image.
    ///
    /// # Errors
    /// [`ProtocolError::Respond`] if the file cannot be written.
    pub fn responses(self, responses: &[Response]) -> Result<(), ProtocolError> {
        self.documents(responses)
    }

    fn documents<T: Serialize>(mut self, documents: &[T]) -> Result<(), ProtocolError> {
        let mut text = Vec::new();
        for document in documents {
            serde_json::to_writer(&mut text, document)
                .expect("the protocol's types have no map with other keys");
            text.push(b'\n');
        }
        self.file
            .write_all(&text)
            .map_err(|source| ProtocolError::Respond {
                path: self.path,
                source,
            })
    }
}

/// How long the reader of a pipe may take to open it, if that is where answers go.
const READER_DEADLINE: Duration = Duration::from_secs(1);

/// Creates or truncates a file. A pipe is written to if somebody reads it: another one would keep us for ever.
fn create(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    options
        .write(true)
        .create(true)
        .truncate(true)
        .custom_flags(flags.bits().cast_signed());
    let deadline = Instant::now() + READER_DEADLINE;
    let is_pipe = || fs::metadata(path).is_ok_and(|file| file.file_type().is_fifo());
    let file = loop {
        match options.open(path) {
            Err(error) if error.raw_os_error() == Some(Errno::NXIO.raw_os_error()) && is_pipe() => {
                if Instant::now() >= deadline {
                    return Err(io::Error::new(error.kind(), "nobody reads that pipe"));
                }
                thread::park_timeout(Duration::from_millis(10));
            }
            opened => break opened?,
        }
    };
    // Only to open it was not to take long.
    fcntl_setfl(&file, fcntl_getfl(&file)? - OFlags::NONBLOCK)?;
    Ok(file)
}

/// How info lists a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InfoShape {
    /// With inputs, outputs and caches, as the reference's SDK does.
    Configured,
    /// By name alone, as RFC 37 was merged.
    Names,
}

/// Info of an object: with `build` where it is described, without any message where it is not.
#[must_use]
pub fn info(interface: Option<Interface>, shape: InfoShape) -> Info {
    let build = |interface: Interface| match shape {
        InfoShape::Configured => MessageInfo::Configured {
            name: "build".to_owned(),
            config: interface.into(),
        },
        InfoShape::Names => MessageInfo::Name("build".to_owned()),
    };
    Info {
        interface_version: INTERFACE_VERSION.to_owned(),
        icon: ICON.to_owned(),
        messages: interface.into_iter().map(build).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn object_keeps_its_text_and_its_place() {
        let text = "{\"response_path\": \"r\",\n \"object\": { \"context\" :\t\".\" }}".to_owned();

        let message = Message::parse(text).unwrap();

        assert_eq!(message.object(), "{ \"context\" :\t\".\" }");
        assert_eq!(message.object_start(), 34);
        assert_eq!(message.response_path, Path::new("r"));
    }

    #[test]
    fn message_that_was_read_before_is_the_same() {
        for text in [
            r#"{"response_path": "r\u0031", "object" : {"object": 1} }"#,
            r#"{"object": null, "response_path": "r"}"#,
            r#"{"object": {}, "response_path": 1}"#,
            r#"{"object": {}, "object": {}, "response_path": "r"}"#,
            r#"{"object": {}, "response_path": "r", "x": 1}"#,
            r#"{"object": {}, "response_path": "r"} 1"#,
            r#"{"object": {},, "response_path": "r"}"#,
            r#"[{"object": {}, "response_path": "r"}]"#,
        ] {
            let outlined = Message::outlined(&Reading::of(text));

            let parsed = Message::parse(text.to_owned()).ok();
            let parsed = parsed.map(|message| (message.object.clone(), message.response_path));
            assert_eq!(outlined, parsed, "{text}");
        }
    }

    #[test]
    fn malformed_message_names_the_place() {
        let (error, _) = Message::parse("{\n \"objet\": {}}".to_owned()).unwrap_err();

        assert_eq!(
            error.reason,
            "unknown field `objet`, expected `object` or `response_path`"
        );
        assert_eq!(error.offset, 9);
    }

    #[test]
    fn bytes_that_are_no_text_are_refused_with_their_place() {
        let error = read_text(&b"{\"\xff\"}"[..]).unwrap_err();

        assert_eq!(
            error.to_string(),
            "the message is not UTF-8: byte 2 begins no character"
        );
    }

    #[test]
    fn info_of_an_unsupported_object_has_no_messages() {
        let info = serde_json::to_string(&info(None, InfoShape::Configured)).unwrap();

        assert_eq!(
            info,
            r#"{"interface_version":"1.0","icon":"mdi:oci","messages":[]}"#
        );
    }

    #[test]
    fn info_names_inputs_outputs_and_caches_as_the_sdk_does() {
        let interface: Interface = serde_json::from_str(
            r#"{"inputs":[{"name":"src"}],"outputs":[{"name":"out","path":"image"}],"caches":["cache"]}"#,
        )
        .unwrap();

        let configured =
            serde_json::to_string(&info(Some(interface.clone()), InfoShape::Configured)).unwrap();
        let names = serde_json::to_string(&info(Some(interface), InfoShape::Names)).unwrap();

        assert_eq!(
            configured,
            concat!(
                r#"{"interface_version":"1.0","icon":"mdi:oci","messages":[{"name":"build","config":{"#,
                r#""inputs":[{"name":"src"}],"outputs":[{"name":"out","path":"image"}],"caches":[{"path":"cache"}]}}]}"#
            )
        );
        assert_eq!(
            names,
            r#"{"interface_version":"1.0","icon":"mdi:oci","messages":["build"]}"#
        );
    }
}
