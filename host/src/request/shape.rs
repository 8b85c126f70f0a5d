//! Shapes: whether a text is a message or an object, and in which language it is written.
//!
//! Reads and writes: nothing. Unknown here: whether it is sound.

use std::path::Path;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::cli::Format;

/// The keys that tell a message from an object.
#[derive(Default, Deserialize)]
struct Keys<'text> {
    #[serde(borrow)]
    object: Option<&'text RawValue>,
    #[serde(borrow)]
    response_path: Option<&'text RawValue>,
    #[serde(borrow)]
    context: Option<&'text RawValue>,
    #[serde(borrow)]
    output: Option<&'text RawValue>,
}

/// A file's name decides; otherwise its first sign does: an object in YAML that begins with a brace is named so, or said to be.
pub(super) fn format_of(path: &Path, text: &str) -> Format {
    let extension = path.extension().and_then(|extension| extension.to_str());
    match extension.map(str::to_ascii_lowercase).as_deref() {
        Some("json") => Format::Json,
        Some("yml" | "yaml") => Format::Yaml,
        _ => {
            let text = text.trim_start_matches('\u{feff}').trim_start();
            if text.starts_with(['{', '[', '"']) {
                Format::Json
            } else {
                Format::Yaml
            }
        }
    }
}

/// Whether a JSON text, where either may come, is a message, right or wrong, and not an object.
pub(super) fn is_message(text: &str) -> bool {
    match serde_json::from_str::<Keys<'_>>(text) {
        Ok(keys) => keys.object.is_some() || keys.response_path.is_some(),
        Err(_) => text.contains("\"object\""),
    }
}

/// Whether a JSON text, where an object is meant to come, is a message and has nothing of an object.
pub(super) fn is_message_alone(text: &str) -> bool {
    let keys = keys(text);
    keys.object.is_some() && keys.context.is_none() && keys.output.is_none()
}

/// Whether a JSON text, where a message is meant to come, is an object and has nothing of a message.
pub(super) fn is_object(text: &str) -> bool {
    let keys = keys(text);
    let is_message = keys.object.is_some() || keys.response_path.is_some();
    !is_message && (keys.context.is_some() || keys.output.is_some())
}

/// Whether a text begins as a Dockerfile does, and neither JSON nor a map in YAML can.
pub(super) fn is_dockerfile(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim_start);
    let first = lines.find(|line| !line.is_empty() && !line.starts_with('#'));
    let mut words = first.unwrap_or_default().split_whitespace();
    let instruction = words.next().unwrap_or_default();
    let is_first = ["FROM", "ARG"]
        .iter()
        .any(|name| instruction.eq_ignore_ascii_case(name));
    is_first && words.next().is_some_and(|word| word != ":")
}

/// None, of a text that is not JSON.
fn keys(text: &str) -> Keys<'_> {
    serde_json::from_str(text).unwrap_or_default()
}
