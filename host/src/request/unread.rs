//! A text that is no request: what is said of it, and how much of it may be shown.
//!
//! Reads and writes: nothing. Unknown here: where a text comes from.

use std::io;

use oci_image::diagnostics::Report;
use oci_image::planner::Planner;
use oci_image::planner::inline_secrets::{self, Reading};
use oci_image::protocol::{MalformedMessage, ProtocolError};
use oci_image::yaml;
use oci_image_schema::code::Code;
use oci_image_schema::diagnostic::{Diagnostic, Place, Span};

use super::shape::Shape;
use crate::failure::Failure;

/// Why a text is no request: it cannot be read, or nothing in it can be.
pub(crate) struct Unread(pub(super) Report);

impl From<Unread> for Failure {
    fn from(unread: Unread) -> Self {
        Self::Request(Box::new(unread.0))
    }
}

impl From<Unread> for Report {
    fn from(unread: Unread) -> Self {
        unread.0
    }
}

/// A text that is no YAML, or of which nothing can be read.
pub(super) fn of_yaml(name: &str, text: &str, diagnostics: Vec<Diagnostic>) -> Unread {
    let text = match is_pipeline(text) {
        true => keys_of(text),
        false => yaml::mask_unread(text),
    };
    Unread(Report {
        name: name.to_owned(),
        text,
        diagnostics,
        ..Report::default()
    })
}

/// Whether a text that cannot be read was probably meant to be a pipeline, which may hold secrets under any name.
fn is_pipeline(text: &str) -> bool {
    let keys = ["jobs:", "resources:", "resource_types:"];
    let mut lines = text.lines();
    lines.any(|line| keys.iter().any(|key| line.starts_with(key)))
}

/// A text with stars in place of all but what begins a line and is a key.
fn keys_of(text: &str) -> String {
    let lines = text.split_inclusive('\n').map(|line| {
        let content = line.trim_start_matches([' ', '-', '\t']);
        let is_of_key = |sign: char| sign.is_ascii_alphanumeric() || "_-".contains(sign);
        let key = content.find(|sign| !is_of_key(sign)).unwrap_or_default();
        let shown = match content[key..].starts_with(':') {
            true => line.len() - content.len() + key + 1,
            false => line.len() - content.len(),
        };
        let star = |sign: char| match sign.is_whitespace() {
            true => sign.to_string(),
            false => "*".repeat(sign.len_utf8()),
        };
        let rest: String = line[shown..].chars().map(star).collect();
        format!("{}{rest}", &line[..shown])
    });
    lines.collect()
}

/// A pipeline. Its text is not shown: it may hold secrets under any name.
pub(super) fn pipeline(name: &str) -> Unread {
    let message = "this is a pipeline of Concourse, and not a task or an object";
    let help = "name the file of one of its tasks; `oci-image validate` judges all of them where they stand";
    let diagnostic = Diagnostic::new(Code::NotARequest, message).help(help);
    Unread(Report {
        name: name.to_owned(),
        diagnostics: vec![diagnostic],
        ..Report::default()
    })
}

/// A text that cannot be read.
pub(super) fn unreadable(name: &str, error: &ProtocolError) -> Unread {
    let (message, help) = match error {
        ProtocolError::Read(source) => (
            format!("cannot read `{name}`: {source}"),
            (source.kind() == io::ErrorKind::IsADirectory).then_some(
                "name a file that holds the object; the build context is its `context`, or `CONTEXT` of a task",
            ),
        ),
        ProtocolError::Empty => (
            format!("`{name}` is empty"),
            Some("write {\"context\": \".\", \"output\": \"image\"}, or the same in YAML"),
        ),
        ProtocolError::NotUtf8 { offset } => (
            format!("`{name}` is not UTF-8: byte {offset} begins no character"),
            None,
        ),
        other => (other.to_string(), None),
    };
    let diagnostic = Diagnostic {
        help: help.map(str::to_owned),
        ..Diagnostic::new(Code::UnreadableFile, message)
    };
    Unread(Report {
        name: name.to_owned(),
        diagnostics: vec![diagnostic],
        ..Report::default()
    })
}

/// A Dockerfile where an object is meant to come: `docker build` takes its name so.
pub(super) fn dockerfile(name: &str, text: String) -> Unread {
    let message = format!("`{name}` is a Dockerfile, not an object");
    let help =
        "name it by the key `dockerfile` of an object, or by the parameter `DOCKERFILE` of a task";
    of_another_shape(Code::WrongType, name, text, &message, help)
}

pub(super) fn message_in_yaml(name: &str, text: String) -> Unread {
    let message = format!("`{name}` is a message in YAML, and messages are JSON");
    let help = "leave out `response_path`, and write the keys of `object` without it: a file in YAML holds an object";
    of_another_shape(Code::MalformedMessage, name, text, &message, help)
}

fn of_another_shape(code: Code, name: &str, text: String, message: &str, help: &str) -> Unread {
    let start = Place::Object(Span { start: 0, end: 0 });
    Unread(Report {
        name: name.to_owned(),
        text,
        diagnostics: vec![
            Diagnostic::new(code, message.to_owned())
                .at(start)
                .help(help),
        ],
        ..Report::default()
    })
}

/// What is wrong with a text that is no message: as JSON, as it is told of an object too; or as a message.
pub(super) fn unparsed(name: &str, error: &MalformedMessage, reading: &Reading<'_>) -> Unread {
    let masked = reading.object();
    // Whatever else the planner finds is about an object, which this is not.
    let is_syntax = |found: &Diagnostic| found.code == Code::InvalidJson.name();
    let found = Planner::load().and_then(|planner| planner.validate(&masked));
    let mut diagnostics: Vec<_> = found.into_iter().flatten().filter(is_syntax).collect();
    if diagnostics.is_empty() {
        diagnostics = vec![malformed(error, masked.text())];
    }
    let conceal = |one| reading.hidden.conceal(one);
    diagnostics.iter_mut().for_each(conceal);
    Unread(Report {
        name: name.to_owned(),
        text: inline_secrets::shown(reading.text()),
        diagnostics,
        ..Report::default()
    })
}

fn malformed(error: &MalformedMessage, text: &str) -> Diagnostic {
    let help = if Shape::of(&Reading::of(text)).is_object() {
        Some(
            "this is an object without its message: send `{\"object\": {...}, \"response_path\": \"response.json\"}`",
        )
    } else if error.reason.contains("`response_path`") {
        Some("add `\"response_path\": \"response.json\"`: answers go there")
    } else {
        None
    };
    let place = Place::Object(Span::of(error.offset..error.offset));
    Diagnostic {
        help: help.map(str::to_owned),
        ..Diagnostic::new(Code::MalformedMessage, error.to_string()).at(place)
    }
}
