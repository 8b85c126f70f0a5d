//! Where a request comes from: standard input, a file, the environment.

use std::io::{self, IsTerminal as _};
use std::os::fd::AsFd as _;
use std::path::Path;

use oci_image::forms::content;
use oci_image::forms::inline_secrets::Reading;
use oci_image::forms::shape::Shape;
use oci_image::protocol::{self, ProtocolError};
use oci_image::task;

use super::asked::Request;
use super::format::format_of;
use super::stream::{self, STDIN, Stream, Wait};
use super::subject::Subject;
use super::unread::{self, Unread};
use super::written;
use crate::cli::Format;
use crate::environment::Environment;
use crate::failure::Failure;

impl Request {
    /// The message on standard input.
    pub(crate) fn message(wait: Wait<'_>) -> Result<Self, Failure> {
        let text = stdin(wait)?;
        Ok(written::message(STDIN, &Reading::of(&text))?)
    }

    /// The message on standard input; an object alone is one that nobody wants to be answered.
    pub(crate) fn message_or_object(wait: Wait<'_>) -> Result<Self, Failure> {
        Ok(Self::of_either(&stdin(wait)?)?)
    }

    /// The same; where there is none, what the parameters of a task describe.
    // A prototype is always sent a message. A task of Concourse has a terminal as standard input, on which nothing ever comes and
    // which never ends, so it is not even looked at.
    pub(crate) fn message_or_task(
        directory: Option<&Path>,
        wait: Wait<'_>,
    ) -> Result<Self, Failure> {
        if io::stdin().is_terminal() {
            return Ok(Self::task(wait.environment, directory));
        }
        match stdin(wait) {
            Err(ProtocolError::Empty) => Ok(Self::task(wait.environment, directory)),
            text => Ok(Self::of_either(&text?)?),
        }
    }

    pub(super) fn of_either(text: &str) -> Result<Self, Unread> {
        let reading = Reading::of(text);
        if Shape::of(&reading).is_object() {
            return Ok(Self::new(content::object(STDIN, &reading), None));
        }
        written::message(STDIN, &reading)
    }

    /// What the parameters of a task describe, in a directory or the working one.
    pub(crate) fn task(environment: &Environment, directory: Option<&Path>) -> Self {
        let keeps_cache = directory.unwrap_or(Path::new(".")).join("cache").is_dir();
        let parameters = task::read(environment.variables(), keeps_cache);
        Self::new(content::parameters(parameters), None)
    }

    /// What a file, or for `-` standard input, holds: an object, a message, or a task.
    pub(crate) fn read(
        path: &Path,
        format: Option<Format>,
        wait: Wait<'_>,
    ) -> Result<Self, Unread> {
        Subject::read(path, format, wait)?.into_request()
    }

    #[cfg(test)]
    pub(super) fn of_text(name: &str, text: &str, format: Format) -> Result<Self, Unread> {
        Subject::of_text(name, text, format)?.into_request()
    }
}

impl Subject {
    /// What a file, or for `-` standard input, holds: a request, or a pipeline.
    pub(crate) fn read(
        path: &Path,
        format: Option<Format>,
        wait: Wait<'_>,
    ) -> Result<Self, Unread> {
        let is_stdin = path == Path::new("-");
        let name = if is_stdin {
            STDIN.to_owned()
        } else {
            path.display().to_string()
        };
        let read = if is_stdin {
            stdin(wait)
        } else {
            stream::open(path)
                .map_err(ProtocolError::Read)
                .and_then(|file| protocol::read_text(Stream::new(file.as_fd(), &name, wait)))
        };
        let text = read.map_err(|error| unread::unreadable(&name, &error))?;
        let format = format.unwrap_or_else(|| format_of(path, &text));
        Self::of_text(&name, &text, format)
    }

    pub(super) fn of_text(name: &str, text: &str, format: Format) -> Result<Self, Unread> {
        let is_json = format == Format::Json;
        if is_json {
            let reading = Reading::of(text);
            let shape = Shape::of(&reading);
            if name == STDIN && shape.is_message(text) || shape.is_message_alone() {
                let request = written::message(name, &reading)?;
                return Ok(Self::Request(Box::new(request)));
            }
        }
        Ok(content::read(name, text, is_json)?.into())
    }
}

/// The text on standard input.
fn stdin(wait: Wait<'_>) -> Result<String, ProtocolError> {
    let stdin = io::stdin();
    protocol::read_text(Stream::new(stdin.as_fd(), STDIN, wait))
}
