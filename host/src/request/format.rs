//! In which language a file is written.
//!
//! Reads and writes: nothing.

use std::path::Path;

use oci_image::forms::shape::begins_as_json;

use crate::cli::Format;

/// A file's name decides; otherwise its first sign does.
pub(crate) fn format_of(path: &Path, text: &str) -> Format {
    let extension = path.extension().and_then(|extension| extension.to_str());
    match extension.map(str::to_ascii_lowercase).as_deref() {
        Some("json") => Format::Json,
        Some("yml" | "yaml") => Format::Yaml,
        _ if begins_as_json(text) => Format::Json,
        _ => Format::Yaml,
    }
}
