//! The telling of a build: how it is shown while it runs, and where it is said what has become of it.

use oci_image::boundary::chain::chain;
use oci_image::boundary::handle::WorkingDirectory;
use oci_image::executor::Outcome;
use oci_image::progress::Mode;
use oci_image::progress::record::Recorder;

use super::answer::print;
use super::mode::face;
use crate::cli::Setting;
use crate::failure::Failure;
use crate::metadata_file::MetadataFile;
use crate::report_file::ReportFile;
use crate::signals::Signals;
use crate::stderr::{self, Face};

/// Where a build says what it does.
pub(super) struct Telling {
    pub(super) mode: Mode,
    pub(super) face: Face,
    metadata: Option<MetadataFile>,
    report: Option<ReportFile>,
}

impl Telling {
    /// As it is asked for; what cannot be written costs no build.
    pub(super) fn of(
        setting: &Setting,
        directory: &WorkingDirectory,
        mode: Mode,
    ) -> Result<Self, Failure> {
        let wrong = |error| Failure::Usage(Box::new(error));
        let metadata =
            (setting.metadata_file.as_deref()).map(|path| MetadataFile::begin(directory, path));
        let report = (setting.report.as_deref()).map(|path| ReportFile::begin(directory, path));
        Ok(Self {
            mode,
            face: face(setting)?,
            metadata: metadata.transpose().map_err(wrong)?,
            report: report.transpose().map_err(wrong)?,
        })
    }

    /// Who keeps what the build does.
    pub(super) fn recorder(&self) -> Option<Recorder> {
        self.report.as_ref().map(ReportFile::recorder)
    }

    /// Says what has become of a build.
    pub(super) fn end(
        self,
        built: Result<Outcome, Failure>,
        signals: &Signals,
    ) -> Result<Outcome, Failure> {
        let reported = self.report.map_or(Ok(()), |file| file.write(&built));
        let failed = |error| Failure::Engine(Box::new(error));
        let outcome = match built {
            Ok(outcome) => outcome,
            Err(failure) => {
                // The build's own failure is what ends the program.
                if let Err(error) = reported {
                    stderr::warning(&chain(&error), self.mode);
                }
                return Err(failure);
            }
        };
        if let Some(file) = self.metadata {
            file.write(&outcome).map_err(failed)?;
        }
        reported.map_err(failed)?;
        if self.face != Face::Quiet {
            stderr::ending(&outcome, self.mode);
        } else if let Some(image) = outcome.images.last() {
            print(&format!("{}\n", image.digest), signals)?;
        }
        Ok(outcome)
    }
}
