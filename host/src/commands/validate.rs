//! `oci-image validate`: every mistake of requests, each with its place.
//!
//! A file that cannot be read is a mistake like others: the rest is validated all the same.

use oci_image::diagnostics::Report;

use crate::cli::Validate;
use crate::commands::reported;
use crate::commands::working_directory::working_directory;
use crate::failure::Failure;
use crate::request::Request;
use crate::request::stream::Wait;

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
    reported::show(&reports, validate.output_format, wait)?;
    if reports.iter().any(Report::is_wrong) {
        Err(Failure::Reported)
    } else {
        Ok(())
    }
}
