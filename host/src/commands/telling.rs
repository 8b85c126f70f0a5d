//! The telling of a build: how it is shown while it runs, and where it is said what it has come to.

use oci_image::boundary::handle::WorkingDirectory;
use oci_image::executor::Outcome;
use oci_image::progress::Mode;

use super::answer::print;
use super::mode::face;
use crate::cli::Setting;
use crate::failure::Failure;
use crate::metadata_file::MetadataFile;
use crate::signals::Signals;
use crate::stderr::{self, Face};

/// Where a build says what it does.
pub(super) struct Telling {
    pub(super) mode: Mode,
    pub(super) face: Face,
    metadata: Option<MetadataFile>,
}

impl Telling {
    /// As it is asked for; what cannot be written costs no build.
    pub(super) fn of(
        setting: &Setting,
        directory: &WorkingDirectory,
        mode: Mode,
    ) -> Result<Self, Failure> {
        let begin = |path| MetadataFile::begin(directory, path);
        let metadata = setting.metadata_file.as_deref().map(begin).transpose();
        Ok(Self {
            mode,
            face: face(setting)?,
            metadata: metadata.map_err(|error| Failure::Usage(Box::new(error)))?,
        })
    }

    /// Says what a build has come to.
    pub(super) fn end(self, outcome: &Outcome, signals: &Signals) -> Result<(), Failure> {
        if let Some(file) = self.metadata {
            let written = file.write(outcome);
            written.map_err(|error| Failure::Engine(Box::new(error)))?;
        }
        if self.face != Face::Quiet {
            stderr::ending(outcome, self.mode);
            return Ok(());
        }
        match outcome.images.last() {
            Some(image) => print(&format!("{}\n", image.digest), signals),
            None => Ok(()),
        }
    }
}
