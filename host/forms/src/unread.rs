//! A text that is nothing of ours: what is said of it, and how much of it may be shown.

use oci_image_schema::code::Code;
use oci_image_schema::diagnostic::{Diagnostic, Place, Span};

use crate::report::Report;
use crate::yaml;

/// A text that is no YAML, or of which nothing can be read.
pub(crate) fn of_yaml(name: &str, text: &str, diagnostics: Vec<Diagnostic>) -> Report {
    let text = match is_pipeline(text) {
        true => keys_of(text),
        false => yaml::mask_unread(text),
    };
    Report {
        name: name.to_owned(),
        text,
        diagnostics,
        ..Report::default()
    }
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
#[must_use]
pub fn pipeline(name: &str) -> Report {
    let message = "this is a pipeline of Concourse, and not a task or an object";
    let help = "name the file of one of its tasks; `oci-image validate` judges all of them where they stand";
    let diagnostic = Diagnostic::new(Code::NotARequest, message).help(help);
    Report {
        name: name.to_owned(),
        diagnostics: vec![diagnostic],
        ..Report::default()
    }
}

/// A Dockerfile where an object is meant to come: `docker build` takes its name so.
pub(crate) fn dockerfile(name: &str, text: String) -> Report {
    let message = format!("`{name}` is a Dockerfile, not an object");
    let help =
        "name it by the key `dockerfile` of an object, or by the parameter `DOCKERFILE` of a task";
    of_another_shape(Code::WrongType, name, text, &message, help)
}

pub(crate) fn message_in_yaml(name: &str, text: String) -> Report {
    let message = format!("`{name}` is a message in YAML, and messages are JSON");
    let help = "leave out `response_path`, and write the keys of `object` without it: a file in YAML holds an object";
    of_another_shape(Code::MalformedMessage, name, text, &message, help)
}

fn of_another_shape(code: Code, name: &str, text: String, message: &str, help: &str) -> Report {
    let start = Place::Object(Span { start: 0, end: 0 });
    Report {
        name: name.to_owned(),
        text,
        diagnostics: vec![
            Diagnostic::new(code, message.to_owned())
                .at(start)
                .help(help),
        ],
        ..Report::default()
    }
}
