//! The file of `--report`: what a build did and what became of it, as a page for a person.
//!
//! It is there however the build ended, unless this program was killed.
//!
//! Reads: the clocks. Writes: the file.

use std::path::Path;
use std::time::{Instant, SystemTime};

use oci_image::boundary::handle::WorkingDirectory;
use oci_image::excerpt::Canvas;
use oci_image::executor::{BuildError, Outcome};
use oci_image::page::{Fate, Page};
use oci_image::progress::record::Recorder;

use crate::destination::{Destination, DestinationError};
use crate::ending;
use crate::failure::Failure;

/// A place for the page of a build that begins now.
pub(crate) struct ReportFile {
    destination: Destination,
    recorder: Recorder,
    begun: SystemTime,
    since: Instant,
}

impl ReportFile {
    /// At a path, as it is seen from the working directory.
    pub(crate) fn begin(from: &WorkingDirectory, path: &Path) -> Result<Self, DestinationError> {
        Ok(Self {
            destination: Destination::begin("report", from, path)?,
            recorder: Recorder::new(),
            begun: SystemTime::now(),
            since: Instant::now(),
        })
    }

    /// Who is told what happens.
    pub(crate) fn recorder(&self) -> Recorder {
        self.recorder.clone()
    }

    /// Writes it.
    pub(crate) fn write(self, built: &Result<Outcome, Failure>) -> Result<(), DestinationError> {
        let report = match built {
            Ok(_) => String::new(),
            Err(failure) => failure.text(Canvas::plain()),
        };
        let page = Page {
            fate: fate(built, &report),
            begun: self.begun,
            elapsed: match built {
                Ok(outcome) => outcome.elapsed,
                Err(_) => self.since.elapsed(),
            },
            record: &self.recorder.record(),
            version: env!("CARGO_PKG_VERSION"),
        };
        self.destination.write(".report.", &page.html())
    }
}

fn fate<'a>(built: &'a Result<Outcome, Failure>, report: &'a str) -> Fate<'a> {
    match built {
        Ok(outcome) => Fate::Built {
            images: outcome.images.iter().map(ending::image).collect(),
            sent: outcome.sent,
            received: outcome.received,
            builders: outcome.builders.iter().map(ending::builder).collect(),
            caches: outcome.carried.iter().map(ending::cache).collect(),
        },
        Err(Failure::Build(BuildError::Stopped(_))) => Fate::Stopped { report },
        Err(_) => Fate::Failed { report },
    }
}
