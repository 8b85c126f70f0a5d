//! `oci-image validate`: every mistake of requests, each with its place.
//!
//! A file that cannot be read is a mistake like others: the rest is validated all the same.

use std::io;
use std::os::fd::AsFd as _;

use oci_image::diagnostics::{self, Report};
use oci_image::excerpt::Canvas;

use crate::cli::{ReportForm, Validate};
use crate::commands::answer::print;
use crate::commands::working_directory::working_directory;
use crate::failure::Failure;
use crate::request::Request;
use crate::request::stream::Wait;
use crate::stderr;

/// What can be done instead of sending anything on standard input.
pub(super) const INSTEAD: &str = "`oci-image validate FILE...` reads files";

pub(super) fn run(validate: &Validate, wait: Wait<'_>) -> Result<(), Failure> {
    // Names of requests are relative to the directory that we were called in.
    let requests: Vec<_> = validate
        .files
        .iter()
        .map(|file| Request::read(file, validate.format, wait))
        .collect();
    let cancel = wait.signals.cancel();
    if cancel.is_cancelled() {
        // What could not be read for that is no mistake of a request.
        return Err(Failure::Reported);
    }
    let directory = match &validate.directory {
        Some(directory) => Some(working_directory(Some(directory))?),
        None => None,
    };
    let mut reports = Vec::new();
    for request in requests {
        let report = match request {
            Ok(request) => match &directory {
                Some(directory) => request.validate_with_files(directory, cancel)?,
                None => request.validate(cancel)?,
            },
            Err(unread) => unread.into(),
        };
        reports.push(report);
    }
    match validate.output_format {
        ReportForm::Text => {
            let text = text(&reports, wait.mode.canvas(stderr::columns()));
            // Nobody hears it if standard error is closed.
            let _ = wait
                .signals
                .write_all(io::stderr().as_fd(), text.as_bytes());
        }
        ReportForm::Json => print(&diagnostics::json(&reports), wait.signals)?,
        ReportForm::Sarif => print(&diagnostics::sarif(&reports), wait.signals)?,
        ReportForm::Github => print(&diagnostics::github(&reports), wait.signals)?,
    }
    if reports.iter().any(Report::is_wrong) {
        Err(Failure::Reported)
    } else {
        Ok(())
    }
}

/// Each report, a blank line between two; of several requests, how many are wrong.
fn text(reports: &[Report], canvas: Canvas) -> String {
    let mut blocks: Vec<String> = reports
        .iter()
        .map(|report| diagnostics::text(report, canvas))
        .filter(|block| !block.is_empty())
        .collect();
    let wrong = reports.iter().filter(|report| report.is_wrong()).count();
    if reports.len() > 1 && !blocks.is_empty() {
        blocks.push(format!("{wrong} of {} requests are wrong\n", reports.len()));
    }
    blocks.join("\n")
}
