//! A request: where it comes from, and its text without secrets.
//!
//! Texts of inline secrets are taken out at once: nothing after this sees them, neither the planner nor an excerpt.
//!
//! Reads: standard input or a file.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use oci_image::buildkit::secrets::SecretBytes;
use oci_image::diagnostics::Origin;
use oci_image::planner::inline_secrets;
use oci_image::protocol::{self, Message};
use oci_image_schema::diagnostic::Diagnostic;

use crate::failure::Failure;

/// What was asked for, its secrets apart.
pub struct Request {
    /// Name of the text for people: `<stdin>`, or a file.
    name: String,
    /// The whole text, secrets masked.
    text: String,
    /// Where in it the object begins.
    object_start: usize,
    /// The object, secrets masked.
    pub object: String,
    /// The texts of inline secrets, by id.
    pub secrets: BTreeMap<String, SecretBytes>,
    /// Where answers go, if it was a message.
    pub response_path: Option<PathBuf>,
}
