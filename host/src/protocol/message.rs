//! A message: the text that comes in, and where in it the object stands.

use std::io::Read;
use std::ops::Range;
use std::path::PathBuf;

use oci_image_schema::protocol as contract;

use super::error::{MESSAGE_LIMIT, ProtocolError};
use crate::forms::inline_secrets::Reading;

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

#[cfg(test)]
mod tests {
    use std::path::Path;

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
}
