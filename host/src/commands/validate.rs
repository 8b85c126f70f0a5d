//! `oci-image validate`: every mistake of requests, each with its place.
//!
//! A file that cannot be read is a mistake like others: the rest is validated all the same.

use oci_image::diagnostics::{self, Report};

use crate::cli::{ReportForm, Validate};
use crate::commands::{enter, print};
use crate::failure::Failure;
use crate::request::Request;
use crate::stderr::tell;

pub(super) fn run(validate: &Validate, coloured: bool) -> Result<(), Failure> {
    // Before the working directory changes: names of requests are relative to the one that we were called in.
    let requests: Vec<_> = validate
        .files
        .iter()
        .map(|file| Request::read(file, validate.format))
        .collect();
    enter(validate.directory.as_deref())?;
    let with_files = validate.directory.is_some();
    let mut reports = Vec::new();
    for request in requests {
        let report = match request {
            Ok(request) if with_files => request.validate_with_files()?,
            Ok(request) => request.validate()?,
            Err(unread) => unread.into(),
        };
        reports.push(report);
    }
    match validate.output_format {
        ReportForm::Text => tell(&text(&reports, coloured)),
        ReportForm::Json => print(&diagnostics::json(&reports))?,
        ReportForm::Sarif => print(&diagnostics::sarif(&reports))?,
        ReportForm::Github => print(&diagnostics::github(&reports))?,
    }
    if reports.iter().any(Report::is_wrong) {
        Err(Failure::Reported)
    } else {
        Ok(())
    }
}

/// Each report, a blank line between two; of several requests, how many are wrong.
fn text(reports: &[Report], coloured: bool) -> String {
    let mut blocks: Vec<String> = reports
        .iter()
        .map(|report| diagnostics::text(report, coloured))
        .filter(|block| !block.is_empty())
        .collect();
    let wrong = reports.iter().filter(|report| report.is_wrong()).count();
    if reports.len() > 1 && !blocks.is_empty() {
        blocks.push(format!("{wrong} of {} requests are wrong\n", reports.len()));
    }
    blocks.join("\n")
}
