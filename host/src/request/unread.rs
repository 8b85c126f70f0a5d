//! A text that is no request: what is said of it, and how much of it may be shown.
//!
//! Reads and writes: nothing. Unknown here: where a text comes from.

use std::io;

use oci_image::diagnostics::Report;
use oci_image::forms::inline_secrets::{self, Reading};
use oci_image::forms::shape::Shape;
use oci_image::planner::Planner;
use oci_image::protocol::{MalformedMessage, ProtocolError};
use oci_image_schema::code::Code;
use oci_image_schema::diagnostic::{Diagnostic, Place, Span};

use crate::failure::Failure;

/// Why a text is no request: it cannot be read, or nothing in it can be.
pub(crate) struct Unread(pub(super) Report);

impl From<Report> for Unread {
    fn from(report: Report) -> Self {
        Self(report)
    }
}

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
