//! The ways in which a request is written, each made a request: a message, and what a text of another form is.

use oci_image::forms::content::{self, Content};
use oci_image::forms::inline_secrets::Reading;
use oci_image::protocol::Message;

use super::asked::Request;
use super::subject::Subject;
use super::unread::{self, Unread};

/// A message.
pub(super) fn message(name: &str, reading: &Reading<'_>) -> Result<Request, Unread> {
    let (part, response_path) = match Message::outlined(reading) {
        Some(message) => message,
        None => match Message::parse(reading.text().to_owned()) {
            Ok(message) => (message.object_range(), message.response_path),
            Err((error, _text)) => return Err(unread::unparsed(name, &error, reading)),
        },
    };
    let start = part.start;
    let object = reading.object_of_message(part);
    let source = content::object_within(name, object, start, reading);
    Ok(Request::new(source, Some(response_path)))
}

impl From<Content> for Subject {
    fn from(content: Content) -> Self {
        match content {
            Content::Source(source) => Self::Request(Box::new(Request::new(*source, None))),
            Content::Pipeline(text) => Self::Pipeline(text),
        }
    }
}
