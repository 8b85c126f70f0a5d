//! The component: `planner.wit`'s exports over the planner's pure functions, its imports as their [`Workspace`].
//!
//! Nothing is decided here. The contract's types are the schema's own (see `bindings`), so nothing is converted but the
//! two small types of `workspace`.
//!
//! Source: `schema/planner.wit`.

#![allow(
    clippy::undocumented_unsafe_blocks,
    reason = "the exports that `export!` writes"
)]

use oci_image_schema::diagnostic::Diagnostic;
use oci_image_schema::interface::Interface;
use oci_image_schema::plan::BuildPlan;

use crate::bindings::exports::oci_image::planner::planner::Guest;
use crate::bindings::oci_image::planner::workspace as host;
use crate::workspace::{Entry, FileError, Workspace};

struct Component;

crate::bindings::export!(Component with_types_in crate::bindings);

impl Guest for Component {
    fn validate(object: String) -> Vec<Diagnostic> {
        crate::validate(&object)
    }

    fn describe(object: String) -> Result<Interface, Vec<Diagnostic>> {
        crate::describe(&object)
    }

    fn plan(object: String) -> Result<BuildPlan, Vec<Diagnostic>> {
        crate::plan(&object, &HostWorkspace)
    }
}

/// The workspace that the host answers for.
struct HostWorkspace;

impl Workspace for HostWorkspace {
    fn read_text(&self, path: &str) -> Result<String, FileError> {
        host::read_text(path).map_err(file_error)
    }

    fn entry_at(&self, path: &str) -> Result<Entry, FileError> {
        match host::entry_at(path).map_err(file_error)? {
            host::Entry::Nothing => Ok(Entry::Nothing),
            host::Entry::File => Ok(Entry::File),
            host::Entry::Directory => Ok(Entry::Directory),
        }
    }
}

fn file_error(error: host::FileError) -> FileError {
    match error {
        host::FileError::NotFound => FileError::NotFound,
        host::FileError::NotText => FileError::NotText,
        host::FileError::IsDirectory => FileError::IsDirectory,
        host::FileError::TooLarge(limit) => FileError::TooLarge(limit),
        host::FileError::Denied => FileError::Denied,
        host::FileError::Other(message) => FileError::Other(message),
    }
}
