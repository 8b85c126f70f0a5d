//! Reports on requests, in the form that is asked for.

use std::io;
use std::os::fd::AsFd as _;

use oci_image::diagnostics::{self, Report};
use oci_image::excerpt::Canvas;

use crate::cli::ReportForm;
use crate::commands::answer::print;
use crate::failure::Failure;
use crate::request::stream::Wait;
use crate::stderr;

/// Shows them: to a person on standard error, to programs on standard output.
pub(super) fn show(reports: &[Report], form: ReportForm, wait: Wait<'_>) -> Result<(), Failure> {
    let answer = match form {
        ReportForm::Text => {
            let text = text(reports, wait.mode.canvas(stderr::columns()));
            // Nobody hears it if standard error is closed.
            let _ = wait
                .signals
                .write_all(io::stderr().as_fd(), text.as_bytes());
            return Ok(());
        }
        ReportForm::Json => diagnostics::json(reports),
        ReportForm::Sarif => diagnostics::sarif(reports),
        ReportForm::Github => diagnostics::github(reports),
    };
    print(&answer, wait.signals)
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
