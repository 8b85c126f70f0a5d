//! A text of which nobody says what it is: whether it is one of those that are judged here. Nothing is said of others.
//!
//! Reads and writes: nothing. Unknown here: where a text comes from.

use std::path::Path;

use oci_image::forms::content;
use oci_image::forms::inline_secrets::Reading;
use oci_image::forms::shape::{self, Shape};
use oci_image::task::evidence;
use oci_image::task::file::{Kind, TaskFile};
use oci_image::yaml::{self, Dialect};

use super::format::format_of;
use super::subject::Subject;
use super::unread::Unread;
use crate::cli::Format;

/// What a text in YAML is, if it is ours.
pub(super) fn of_yaml(name: &str, text: &str) -> Option<Result<Subject, Unread>> {
    if let Some(document) = content::pipeline_document(text) {
        return Some(Ok(content::pipeline(name, text, document).into()));
    }
    if shape::is_dockerfile(text) {
        return None;
    }
    let Ok(document) = yaml::read(text, Dialect::Core) else {
        // A template for another program is no YAML either.
        return evidence::names_image(text).then(|| read(name, text));
    };
    let reading = Reading::of(document.json());
    let is_ours = match Kind::read(&reading) {
        Kind::Pipeline => true,
        Kind::Task => TaskFile::builds(document.json()),
        Kind::Object => Shape::of(&reading).is_surely_object(),
    };
    is_ours.then(|| read(name, text))
}

fn read(name: &str, text: &str) -> Result<Subject, Unread> {
    Ok(content::yaml(name, text)?.into())
}

impl Subject {
    /// What the text of an open file is, if it is ours; of one that was ours while it had more, or could be read, whatever it is now.
    pub(crate) fn of_open(
        path: &Path,
        text: &str,
        format: Option<Format>,
        was_ours: bool,
    ) -> Option<Result<Self, Unread>> {
        let name = path.display().to_string();
        let format = format.unwrap_or_else(|| format_of(path, text));
        let found = match format {
            Format::Yaml => of_yaml(&name, text),
            Format::Json => of_json(&name, text),
        };
        let is_blank = text.trim().is_empty();
        if found.is_some() || is_blank || !was_ours || is_of_another(text, format) {
            return found;
        }
        Some(Self::of_text(&name, text, format))
    }
}

/// What a text in JSON is, if it is ours.
fn of_json(name: &str, text: &str) -> Option<Result<Subject, Unread>> {
    let reading = Reading::of(text);
    let shape = Shape::of(&reading);
    let is_ours = match Kind::read(&reading) {
        Kind::Pipeline => true,
        Kind::Task => TaskFile::builds(text),
        Kind::Object => shape.is_surely_object() || shape.is_surely_message(),
    };
    is_ours.then(|| Subject::of_text(name, text, Format::Json))
}

/// Whether a text can be read, and is neither an object nor the beginning of one.
fn is_of_another(text: &str, format: Format) -> bool {
    let is_none = |json: &str| {
        let reading = Reading::of(json);
        let is_known = reading.outline.entries().is_some();
        let shape = Shape::of(&reading);
        let is_object =
            Kind::read(&reading) == Kind::Object && (shape.is_object() || shape.is_message_alone());
        is_known && !is_object
    };
    match format {
        Format::Json => is_none(text),
        Format::Yaml => {
            let document = yaml::read(text, Dialect::Core);
            shape::is_dockerfile(text) || document.is_ok_and(|document| is_none(document.json()))
        }
    }
}
