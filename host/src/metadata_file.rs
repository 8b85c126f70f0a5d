//! The file of `--metadata-file`: what a build has come to, as JSON.
//!
//! It is there when the build is done, and otherwise as it was.
//!
//! Writes: the file.

use std::path::Path;

use oci_image::boundary::handle::WorkingDirectory;
use oci_image::executor::Outcome;

use crate::destination::{Destination, DestinationError};
use crate::ending;

/// A place for what a build will come to.
pub(crate) struct MetadataFile(Destination);

impl MetadataFile {
    /// At a path, as it is seen from the working directory.
    pub(crate) fn begin(from: &WorkingDirectory, path: &Path) -> Result<Self, DestinationError> {
        Destination::begin("metadata file", from, path).map(Self)
    }

    /// Writes it.
    pub(crate) fn write(self, outcome: &Outcome) -> Result<(), DestinationError> {
        let document = ending::document(outcome);
        let mut text = serde_json::to_string_pretty(&document)
            .expect("a result has only names as keys, and finite numbers");
        text.push('\n');
        self.0.write(".metadata.", &text)
    }
}
